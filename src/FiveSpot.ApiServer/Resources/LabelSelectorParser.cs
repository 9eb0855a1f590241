// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Reads the text form of a label selector, token by token as Kubernetes does, and refuses what is none in its words.</summary>
internal sealed class LabelSelectorParser
{
    private const string End = "";

    private readonly List<string> _tokens;
    private int _next;

    private LabelSelectorParser(List<string> tokens) => _tokens = tokens;

    public enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,
        GreaterThan,
        LessThan,
    }

    /// <summary>The requirements of a selector, in order.</summary>
    /// <exception cref="StatusException">400: the text is no selector.</exception>
    public static List<(string Key, Operator Operator, HashSet<string> Values)> Parse(string text) => new LabelSelectorParser(Tokens(text)).Parse();

    private static bool IsSpecial(char letter) => letter is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }

            if (!IsSpecial(text[i]))
            {
                while (i < text.Length && !IsSpecial(text[i]) && !char.IsWhiteSpace(text[i]))
                {
                    i++;
                }
            }
            else
            {
                i += text.AsSpan(i) is ['=' or '!', '=', ..] ? 2 : 1;
            }

            tokens.Add(text[start..i]);
        }

        return tokens;
    }

    private static bool IsWord(string token) => token.Length > 0 && !IsSpecial(token[0]);

    private static StatusException Unexpected(string found, string expected) => Refusal.BadRequest($"found '{found}', {expected}");

    private static StatusException Unparsable(string why) => Refusal.BadRequest($"unable to parse requirement: {why}");

    private static StatusException UnparsableAt(string found, string expected) => Unparsable($"found '{found}', expected: {expected}");

    private List<(string Key, Operator Operator, HashSet<string> Values)> Parse()
    {
        var requirements = new List<(string, Operator, HashSet<string>)>();
        while (Peek() is not End and var token)
        {
            if (!IsWord(token) && token != "!")
            {
                throw Unexpected(token, "expected: !, identifier, or 'end of string'");
            }

            requirements.Add(ParseRequirement());
            switch (Take())
            {
                case End:
                    return requirements;
                case "," when !IsWord(Peek()) && Peek() != "!":
                    throw Unexpected(Peek(), "expected: identifier after ','");
                case ",":
                    break;
                case var other:
                    throw Unexpected(other, "expected: ',' or 'end of string'");
            }
        }

        return requirements;
    }

    private (string Key, Operator Operator, HashSet<string> Values) ParseRequirement()
    {
        var isNegated = Peek() == "!";
        if (isNegated)
        {
            Take();
        }

        var key = Take();
        if (!IsWord(key))
        {
            throw UnparsableAt(key, "identifier");
        }

        if (ObjectNames.QualifiedNameErrors(key) is { Count: > 0 } errors)
        {
            throw Unparsable($"<nil>: Invalid value: \"{key}\": {string.Join("; ", errors)}");
        }

        if (isNegated || Peek() is End or ",")
        {
            return (key, isNegated ? Operator.DoesNotExist : Operator.Exists, []);
        }

        var name = Take();
        Operator kind = name switch
        {
            "in" or "=" or "==" => Operator.In,
            "notin" or "!=" => Operator.NotIn,
            ">" => Operator.GreaterThan,
            "<" => Operator.LessThan,
            _ => throw UnparsableAt(name, "in, notin, =, ==, !=, gt, lt"),
        };
        var values = name is "in" or "notin" ? ParseList() : [ParseValue()];
        CheckValues(key, kind, values);
        return (key, kind, values);
    }

    private static void CheckValues(string key, Operator kind, HashSet<string> values)
    {
        if (kind is Operator.GreaterThan or Operator.LessThan && !long.TryParse(values.Single(), CultureInfo.InvariantCulture, out _))
        {
            throw Unparsable($"values[0]: Invalid value: \"{values.Single()}\": for 'Gt', 'Lt' operators, the value must be an integer");
        }

        var index = 0;
        foreach (var value in values.Order(StringComparer.Ordinal))
        {
            if (ObjectNames.LabelValueErrors(value) is { Count: > 0 } errors)
            {
                throw Unparsable($"values[{index}][{key}]: Invalid value: \"{value}\": {string.Join("; ", errors)}");
            }

            index++;
        }
    }

    private string ParseValue()
    {
        if (Peek() is End or ",")
        {
            return string.Empty;
        }

        var value = Take();
        return IsWord(value) ? value : throw UnparsableAt(value, "identifier");
    }

    private HashSet<string> ParseList()
    {
        if (Take() is not "(" and var opening)
        {
            throw Unparsable($"found '{opening}' expected: '('");
        }

        var values = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var value = Peek() is "," or ")" ? string.Empty : Take();
            if (value.Length > 0 && !IsWord(value))
            {
                throw UnparsableAt(value, "',', ')' or identifier");
            }

            values.Add(value);
            switch (Take())
            {
                case ")":
                    return values;
                case ",":
                    break;
                case var other:
                    throw UnparsableAt(other, "',' or ')'");
            }
        }
    }

    private string Peek() => _next < _tokens.Count ? _tokens[_next] : End;

    private string Take() => _next < _tokens.Count ? _tokens[_next++] : End;
}
