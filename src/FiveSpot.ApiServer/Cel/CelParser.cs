// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A recursive-descent parser of CEL, with its macros expanded to <see cref="CelComprehension"/>.</summary>
internal sealed class CelParser
{
    /// <summary>The longest expression that is read, in characters (as cel-go).</summary>
    public const int MaxLength = 100_000;

    /// <summary>The deepest nesting (as cel-go).</summary>
    private const int MaxDepth = 250;

    private readonly string _source;
    private readonly List<CelToken> _tokens;
    private int _at;
    private int _depth;

    private CelParser(string source)
    {
        _source = source;
        _tokens = CelLexer.Read(source);
    }

    private CelToken Current => _tokens[_at];

    public static CelExpr Parse(string source)
    {
        if (source.Length > MaxLength)
        {
            throw new CelException(source[..1000], 0, $"expression code point size exceeds limit: size: {source.Length}, limit {MaxLength}");
        }

        var parser = new CelParser(source);
        var expression = parser.Expression();
        return parser.Current.Kind == CelTokenKind.End ? expression : throw parser.Unexpected("<EOF>");
    }

    private CelException Unexpected(string expected) => new(_source, Current.Position,
        $"Syntax error: mismatched input '{Current.Text}' expecting {expected}");

    private bool Take(string symbol)
    {
        if (!Current.Is(symbol))
        {
            return false;
        }

        _at++;
        return true;
    }

    private CelToken Expect(string symbol)
    {
        var token = Current;
        return Take(symbol) ? token : throw Unexpected($"'{symbol}'");
    }

    private T Bounded<T>(T node)
        where T : CelExpr =>
        node.Depth <= 2 * MaxDepth
            ? node
            : throw new CelException(_source, node.Position, $"expression recursion limit exceeded: {MaxDepth}");

    private CelCall Call(int position, string function, params CelExpr[] arguments) =>
        Bounded(new CelCall(position, function, null, arguments));

    private CelExpr Expression()
    {
        if (++_depth > MaxDepth)
        {
            throw new CelException(_source, Current.Position, $"expression recursion limit exceeded: {MaxDepth}");
        }

        var condition = Logical("||", "_||_", () => Logical("&&", "_&&_", Relation));
        var position = Current.Position;
        if (Take("?"))
        {
            var then = Logical("||", "_||_", () => Logical("&&", "_&&_", Relation));
            Expect(":");
            condition = Call(position, "_?_:_", condition, then, Expression());
        }

        _depth--;
        return condition;
    }

    /// <summary>Reads a chain of one logical operator into a balanced tree: it may be long.</summary>
    private CelExpr Logical(string symbol, string function, Func<CelExpr> operand)
    {
        var operands = new List<CelExpr> { operand() };
        var positions = new List<int>();
        while (Current.Is(symbol))
        {
            positions.Add(Current.Position);
            _at++;
            operands.Add(operand());
        }

        return Balance(0, operands.Count - 1);

        CelExpr Balance(int first, int last)
        {
            if (first == last)
            {
                return operands[first];
            }

            var middle = (first + last) / 2;
            return Call(positions[middle], function, Balance(first, middle), Balance(middle + 1, last));
        }
    }

    private CelExpr Relation()
    {
        var left = Additive();
        while (true)
        {
            var token = Current;
            var isIn = token.Kind == CelTokenKind.Identifier && token.Text == "in";
            if (!isIn && !(token.Kind == CelTokenKind.Symbol && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">="))
            {
                return left;
            }

            _at++;
            left = Call(token.Position, isIn ? "@in" : $"_{token.Text}_", left, Additive());
        }
    }

    private CelExpr Additive() => Chain(["+", "-"], () => Chain(["*", "/", "%"], Unary));

    private CelExpr Chain(string[] symbols, Func<CelExpr> operand)
    {
        var left = operand();
        while (Current.Kind == CelTokenKind.Symbol && symbols.Contains(Current.Text))
        {
            var token = Current;
            _at++;
            left = Call(token.Position, $"_{token.Text}_", left, operand());
        }

        return left;
    }

    private CelExpr Unary()
    {
        var token = Current;
        if (token.Is("!"))
        {
            var count = 0;
            while (Take("!"))
            {
                count++;
            }

            var operand = Member();
            return count % 2 == 1 ? Call(token.Position, "!_", operand) : Call(token.Position, "!_", Call(token.Position, "!_", operand));
        }

        if (token.Is("-"))
        {
            var count = 0;
            while (Take("-"))
            {
                count++;
            }

            var negative = count % 2 == 1;
            if (count == 1 && Current.Kind is CelTokenKind.Int or CelTokenKind.Double)
            {
                return Member(NegativeLiteral(token.Position));
            }

            var operand = Member();
            return negative ? Call(token.Position, "-_", operand) : Call(token.Position, "-_", Call(token.Position, "-_", operand));
        }

        return Member();
    }

    private CelLiteral NegativeLiteral(int position)
    {
        var token = _tokens[_at++];
        return new CelLiteral(position, token.Value is double number
            ? CelValue.Of(-number)
            : CelValue.Of(unchecked(-(long)(ulong)token.Value!)));
    }

    private CelExpr Member() => Member(Primary());

    private CelExpr Member(CelExpr operand)
    {
        while (true)
        {
            var token = Current;
            if (Take("."))
            {
                var optional = Take("?");
                var name = Current;
                if (name.Kind != CelTokenKind.Identifier)
                {
                    throw Unexpected("IDENTIFIER");
                }

                _at++;
                operand = !optional && Current.Is("(")
                    ? MemberCall(operand, name)
                    : Bounded(new CelSelect(token.Position, operand, name.Text, test: false, optional));
            }
            else if (Take("["))
            {
                var optional = Take("?");
                operand = Call(token.Position, optional ? "_[?_]" : "_[_]", operand, Expression());
                Expect("]");
            }
            else if (token.Is("{") && operand is CelIdent or CelSelect)
            {
                throw new CelException(_source, token.Position, "undeclared reference to a message type (in container '')");
            }
            else
            {
                return operand;
            }
        }
    }

    private List<CelExpr> Arguments(string end)
    {
        var arguments = new List<CelExpr>();
        while (!Take(end))
        {
            arguments.Add(Expression());
            if (!Current.Is(end))
            {
                Expect(",");
                if (end == ")" && Current.Is(end))
                {
                    throw Unexpected("an argument");
                }
            }
        }

        return arguments;
    }

    private CelExpr MemberCall(CelExpr target, CelToken name)
    {
        var open = Expect("(").Position;
        var arguments = Arguments(")");
        CelMacro? macro = (name.Text, arguments.Count) switch
        {
            ("all", 2) => CelMacro.All,
            ("exists", 2) => CelMacro.Exists,
            ("exists_one" or "existsOne", 2) => CelMacro.ExistsOne,
            ("filter", 2) => CelMacro.Filter,
            ("map", 2 or 3) => CelMacro.Map,
            ("optMap", 2) => CelMacro.OptMap,
            ("optFlatMap", 2) => CelMacro.OptFlatMap,
            _ => null,
        };
        if (macro is null)
        {
            // optional.of(x) and sets.contains(a, b) are functions in a namespace.
            return target is CelIdent { Name: "optional" or "sets" } space
                ? Bounded(new CelCall(open, $"{space.Name}.{name.Text}", null, arguments))
                : Bounded(new CelCall(open, name.Text, target, arguments));
        }

        if (arguments[0] is not CelIdent variable)
        {
            throw new CelException(_source, arguments[0].Position, "argument must be a simple name");
        }

        var transforms = macro is CelMacro.Map or CelMacro.OptMap or CelMacro.OptFlatMap;
        var predicate = transforms && arguments.Count == 2 ? null : arguments[1];
        var transform = transforms ? arguments[^1] : null;
        return Bounded(new CelComprehension(open, macro.Value, target, variable.Name, predicate, transform));
    }

    private CelExpr Primary()
    {
        var token = Current;
        _at++;
        switch (token.Kind)
        {
            case CelTokenKind.Int:
                return (ulong)token.Value! <= long.MaxValue
                    ? new CelLiteral(token.Position, CelValue.Of((long)(ulong)token.Value))
                    : throw new CelException(_source, token.Position, "invalid int literal");
            case CelTokenKind.Uint:
                return new CelLiteral(token.Position, CelValue.Of((ulong)token.Value!));
            case CelTokenKind.Double:
                return new CelLiteral(token.Position, CelValue.Of((double)token.Value!));
            case CelTokenKind.String:
                return new CelLiteral(token.Position, CelValue.Of((string)token.Value!));
            case CelTokenKind.Bytes:
                return new CelLiteral(token.Position, CelValue.Of((byte[])token.Value!));
            case CelTokenKind.Identifier:
                return Identifier(token);
            case CelTokenKind.Symbol when token.Text == "(":
                var inner = Expression();
                Expect(")");
                return inner;
            case CelTokenKind.Symbol when token.Text == "[":
                return List(token);
            case CelTokenKind.Symbol when token.Text == "{":
                return Map(token);
            case CelTokenKind.Symbol when token.Text == "." && Current.Kind == CelTokenKind.Identifier:
                return Identifier(_tokens[_at++]);
            default:
                _at--;
                throw Unexpected("an expression");
        }
    }

    private CelExpr Identifier(CelToken token)
    {
        switch (token.Text)
        {
            case "true" or "false":
                return new CelLiteral(token.Position, CelValue.Of(token.Text == "true"));
            case "null":
                return new CelLiteral(token.Position, CelValue.Null);
        }

        if (CelNames.IsReserved(token.Text))
        {
            throw new CelException(_source, token.Position, $"reserved identifier: {token.Text}");
        }

        if (!Current.Is("("))
        {
            return new CelIdent(token.Position, token.Text);
        }

        var open = Expect("(").Position;
        var arguments = Arguments(")");
        if (token.Text != "has")
        {
            return Bounded(new CelCall(open, token.Text, null, arguments));
        }

        return arguments is [CelSelect { Test: false, Optional: false } select]
            ? new CelSelect(open, select.Operand, select.Field, test: true, optional: false)
            : throw new CelException(_source, open, "invalid argument to has() macro");
    }

    private CelListExpr List(CelToken open)
    {
        var elements = new List<(CelExpr, bool)>();
        while (!Take("]"))
        {
            var optional = Take("?");
            elements.Add((Expression(), optional));
            if (!Current.Is("]"))
            {
                Expect(",");
            }
        }

        return Bounded(new CelListExpr(open.Position, elements));
    }

    private CelMapExpr Map(CelToken open)
    {
        var entries = new List<(CelExpr, CelExpr, bool)>();
        while (!Take("}"))
        {
            var optional = Take("?");
            var key = Expression();
            Expect(":");
            entries.Add((key, Expression(), optional));
            if (!Current.Is("}"))
            {
                Expect(",");
            }
        }

        return Bounded(new CelMapExpr(open.Position, entries));
    }
}
