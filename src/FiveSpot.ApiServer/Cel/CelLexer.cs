// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>Cuts an expression into tokens.</summary>
internal static class CelLexer
{
    private static readonly string[] Symbols =
    [
        "&&", "||", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "!", "<", ">", "?", ":", ".", ",", "(", ")", "[",
        "]", "{", "}",
    ];

    public static List<CelToken> Read(string source)
    {
        var tokens = new List<CelToken>();
        var at = 0;
        while (true)
        {
            at = SkipBlanks(source, at);
            if (at >= source.Length)
            {
                tokens.Add(new CelToken(CelTokenKind.End, source.Length, "<EOF>"));
                return tokens;
            }

            tokens.Add(ReadOne(source, ref at));
        }
    }

    private static int SkipBlanks(string source, int at)
    {
        while (at < source.Length)
        {
            if (source[at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                at++;
            }
            else if (source[at] == '/' && at + 1 < source.Length && source[at + 1] == '/')
            {
                var end = source.IndexOf('\n', at);
                at = end < 0 ? source.Length : end;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static CelToken ReadOne(string source, ref int at)
    {
        var c = source[at];
        var next = at + 1 < source.Length ? source[at + 1] : '\0';
        if (c is '"' or '\'')
        {
            return ReadString(source, ref at, at, raw: false, bytes: false);
        }

        if (StringPrefix(source, at) is var prefix and > 0)
        {
            var start = at;
            var letters = source.AsSpan(at, prefix);
            var raw = letters.ContainsAny('r', 'R');
            var bytes = letters.ContainsAny('b', 'B');
            at += prefix;
            return ReadString(source, ref at, start, raw, bytes);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(next)))
        {
            return ReadNumber(source, ref at);
        }

        if (char.IsAsciiLetter(c) || c == '_')
        {
            var start = at;
            while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] == '_'))
            {
                at++;
            }

            return new CelToken(CelTokenKind.Identifier, start, source[start..at]);
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new CelToken(CelTokenKind.Symbol, at - symbol.Length, symbol);
            }
        }

        throw new CelException(source, at, $"Syntax error: token recognition error at: '{c}'");
    }

    private static int StringPrefix(string source, int at)
    {
        var length = 0;
        while (length < 2 && at + length < source.Length && source[at + length] is 'r' or 'R' or 'b' or 'B')
        {
            length++;
        }

        var quoted = at + length < source.Length && source[at + length] is '"' or '\'';
        var twice = length == 2 && char.ToLowerInvariant(source[at]) == char.ToLowerInvariant(source[at + 1]);
        return quoted && !twice ? length : 0;
    }

    private static CelToken ReadNumber(string source, ref int at)
    {
        var start = at;
        if (source[at] == '0' && at + 1 < source.Length && source[at + 1] is 'x' or 'X')
        {
            at += 2;
            while (at < source.Length && char.IsAsciiHexDigit(source[at]))
            {
                at++;
            }

            return Integer(source, ref at, start, source[(start + 2)..at], NumberStyles.AllowHexSpecifier);
        }

        var isDouble = false;
        Digits(source, ref at);
        if (at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            isDouble = true;
            at++;
            Digits(source, ref at);
        }

        if (at < source.Length && source[at] is 'e' or 'E')
        {
            var mark = at++;
            if (at < source.Length && source[at] is '+' or '-')
            {
                at++;
            }

            if (at < source.Length && char.IsAsciiDigit(source[at]))
            {
                isDouble = true;
                Digits(source, ref at);
            }
            else
            {
                at = mark;
            }
        }

        var text = source[start..at];
        return isDouble
            ? new CelToken(CelTokenKind.Double, start, text, double.Parse(text, CultureInfo.InvariantCulture))
            : Integer(source, ref at, start, text, NumberStyles.None);
    }

    private static void Digits(string source, ref int at)
    {
        while (at < source.Length && char.IsAsciiDigit(source[at]))
        {
            at++;
        }
    }

    private static CelToken Integer(string source, ref int at, int start, string digits, NumberStyles style)
    {
        // The sign is an operator; only -9223372036854775808 needs 2^63 itself, which the parser sorts out.
        var unsigned = at < source.Length && source[at] is 'u' or 'U';
        if (!ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var value) ||
            (!unsigned && value > (ulong)long.MaxValue + 1))
        {
            throw new CelException(source, start, unsigned ? "invalid uint literal" : "invalid int literal");
        }

        if (unsigned)
        {
            at++;
        }

        return new CelToken(unsigned ? CelTokenKind.Uint : CelTokenKind.Int, start, source[start..at], value);
    }

    private static CelToken ReadString(string source, ref int at, int start, bool raw, bool bytes)
    {
        var quote = source[at];
        var triple = at + 2 < source.Length && source[at + 1] == quote && source[at + 2] == quote;
        at += triple ? 3 : 1;
        var text = new StringBuilder();
        var octets = new List<byte>();
        while (true)
        {
            if (at >= source.Length || (!triple && source[at] is '\n' or '\r'))
            {
                throw new CelException(source, start, "Syntax error: unterminated string");
            }

            var c = source[at];
            if (c == quote && (!triple || IsTriple(source, at, quote)))
            {
                at += triple ? 3 : 1;
                break;
            }

            if (c == '\\' && !raw)
            {
                ReadEscape(source, ref at, bytes, text, octets);
                continue;
            }

            var width = char.IsHighSurrogate(c) && at + 1 < source.Length && char.IsLowSurrogate(source[at + 1]) ? 2 : 1;
            text.Append(source, at, width);
            octets.AddRange(Encoding.UTF8.GetBytes(source.Substring(at, width)));
            at += width;
        }

        return bytes
            ? new CelToken(CelTokenKind.Bytes, start, source[start..at], octets.ToArray())
            : new CelToken(CelTokenKind.String, start, source[start..at], text.ToString());
    }

    private static bool IsTriple(string source, int at, char quote) =>
        at + 2 < source.Length && source[at + 1] == quote && source[at + 2] == quote;

    private static void ReadEscape(string source, ref int at, bool bytes, StringBuilder text, List<byte> octets)
    {
        var start = at++;
        var c = at < source.Length ? source[at++] : '\0';
        var simple = "abfnrtv\\'\"`?".IndexOf(c);
        if (c != '\0' && simple >= 0)
        {
            var value = "\a\b\f\n\r\t\v\\'\"`?"[simple];
            text.Append(value);
            octets.Add((byte)value);
            return;
        }

        var (digits, radix) = c switch
        {
            'x' or 'X' => (2, 16),
            'u' when !bytes => (4, 16),
            'U' when !bytes => (8, 16),
            >= '0' and <= '3' => (3, 8),
            _ => (0, 0),
        };
        if (radix == 8)
        {
            at--;
        }

        long code = -1;
        if (digits > 0 && at + digits <= source.Length)
        {
            code = 0;
            for (var i = 0; i < digits && code >= 0; i++)
            {
                var digit = Uri.IsHexDigit(source[at + i]) ? Convert.ToInt32(source[at + i].ToString(), 16) : radix;
                code = digit < radix ? (code * radix) + digit : -1;
            }
        }

        if (code < 0 || (!bytes && !Rune.IsValid((int)Math.Min(code, int.MaxValue))))
        {
            throw new CelException(source, start, "Syntax error: invalid escape sequence");
        }

        at += digits;
        if (bytes)
        {
            octets.Add((byte)code);
        }
        else
        {
            text.Append(new Rune((int)code).ToString());
        }
    }
}

internal enum CelTokenKind
{
    End,
    Identifier,
    Symbol,
    Int,
    Uint,
    Double,
    String,
    Bytes,
}

internal readonly record struct CelToken(CelTokenKind Kind, int Position, string Text, object? Value = null)
{
    public bool Is(string symbol) => Kind == CelTokenKind.Symbol && Text == symbol;
}
