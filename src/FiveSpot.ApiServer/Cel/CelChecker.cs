// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>Gives every node a type, and refuses unknown names, unknown fields and calls that fit no overload.</summary>
internal sealed class CelChecker(string source, CelEnvironment environment)
{
    private readonly Dictionary<string, CelType> _scope = new(environment.Variables);

    public void Check(CelExpr root)
    {
        var type = Visit(root);
        if (environment.Result is { } wanted && type.Kind != CelKind.Dyn && type.Kind != wanted.Kind)
        {
            throw new CelException(source, root.Position, $"must evaluate to a {wanted}");
        }
    }

    private CelException Fail(CelExpr at, string problem) => new(source, at.Position, problem);

    private CelType Visit(CelExpr node) => node.Type = node switch
    {
        CelLiteral literal => OfLiteral(literal.Value),
        CelIdent ident => OfIdent(ident),
        CelSelect select => OfSelect(select),
        CelCall call => OfCall(call),
        CelListExpr list => CelType.ListOf(Common(list.Elements.Select(e => (e.Value, e.Optional)))),
        CelMapExpr map => CelType.MapOf(
            Common(map.Entries.Select(e => (e.Key, false))), Common(map.Entries.Select(e => (e.Value, e.Optional)))),
        CelComprehension comprehension => OfComprehension(comprehension),
        _ => throw Fail(node, "unexpected expression"),
    };

    private static CelType OfLiteral(CelValue value) => value.Kind switch
    {
        CelKind.Null => CelType.Null,
        CelKind.Bool => CelType.Bool,
        CelKind.Int => CelType.Int,
        CelKind.Uint => CelType.Uint,
        CelKind.Double => CelType.Double,
        CelKind.Bytes => CelType.Sized(CelType.Bytes, value.Size),
        _ => CelType.Sized(CelType.String, value.Size),
    };

    private CelType OfIdent(CelIdent ident)
    {
        if (_scope.TryGetValue(ident.Name, out var type))
        {
            return type;
        }

        return CelSignatures.TypeNames.ContainsKey(ident.Name)
            ? CelType.TypeOfTypes
            : throw Fail(ident, $"undeclared reference to '{ident.Name}' (in container '')");
    }

    private CelType OfSelect(CelSelect select)
    {
        var operand = Visit(select.Operand);
        var optional = select.Optional || operand.Kind == CelKind.Optional;
        if (operand.Kind == CelKind.Optional)
        {
            operand = operand.Element!;
        }

        var field = operand.Kind switch
        {
            CelKind.Object => operand.Fields.TryGetValue(select.Field, out var found)
                ? found.Type
                : throw Fail(select, $"undefined field '{select.Field}'"),
            CelKind.Map => operand.Element!,
            CelKind.Dyn or CelKind.Parameter => CelType.Dyn,
            _ => throw Fail(select, $"type '{operand}' does not support field selection"),
        };
        return select.Test ? CelType.Bool : optional ? CelType.OptionalOf(field) : field;
    }

    private CelType Common(IEnumerable<(CelExpr Node, bool Optional)> nodes)
    {
        CelType? common = null;
        foreach (var (node, optional) in nodes)
        {
            var type = Visit(node);
            if (optional && type.Kind == CelKind.Optional)
            {
                type = type.Element!;
            }

            if (common is null || (common.Kind is CelKind.Dyn or CelKind.Null && type.Kind != CelKind.Dyn))
            {
                common = type;
            }
            else if (!Fits(common, type, []))
            {
                throw Fail(node, $"expected type '{common}' but found '{type}'");
            }
            else if (common.MaxSize is { } a && a < (type.MaxSize ?? long.MaxValue))
            {
                common = type;
            }
        }

        return common ?? CelType.Dyn;
    }

    private CelType OfComprehension(CelComprehension node)
    {
        var range = Visit(node.Range);
        if (node.Macro is CelMacro.OptMap or CelMacro.OptFlatMap)
        {
            if (range.Kind is not (CelKind.Optional or CelKind.Dyn))
            {
                throw Fail(node, $"found no matching overload for 'optMap' applied to '{range}'");
            }

            var content = WithVariable(node, range.Element ?? CelType.Dyn);
            return node.Macro == CelMacro.OptFlatMap ? content : CelType.OptionalOf(content);
        }

        var element = range.Kind switch
        {
            CelKind.List => range.Element!,
            CelKind.Map => range.Key!,
            CelKind.Dyn or CelKind.Parameter => CelType.Dyn,
            _ => throw Fail(node.Range, $"expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"),
        };
        var transformed = WithVariable(node, element);
        return node.Macro switch
        {
            CelMacro.Filter => CelType.ListOf(element, range.MaxSize),
            CelMacro.Map => CelType.ListOf(transformed, range.MaxSize),
            _ => CelType.Bool,
        };
    }

    private CelType WithVariable(CelComprehension node, CelType type)
    {
        var hidden = _scope.GetValueOrDefault(node.Variable);
        _scope[node.Variable] = type;
        if (node.Predicate is { } predicate && Visit(predicate) is { Kind: not (CelKind.Bool or CelKind.Dyn) } wrong)
        {
            throw Fail(predicate, $"expected type 'bool' but found '{wrong}'");
        }

        var transformed = node.Transform is { } transform ? Visit(transform) : CelType.Bool;
        if (hidden is null)
        {
            _scope.Remove(node.Variable);
        }
        else
        {
            _scope[node.Variable] = hidden;
        }

        return transformed;
    }

    private CelType OfCall(CelCall call)
    {
        var arguments = call.All.Select(argument => call.Function == "format" && argument is CelListExpr list
            ? Mixed(list)
            : Visit(argument)).ToList();
        var standard = CelSignatures.Standard.GetValueOrDefault(call.Function) ?? [];
        var own = environment.Functions.Where(f => f.Name == call.Function)
            .Select(f => new CelOverload(f.IsMember, f.Parameters, f.Result));
        var candidates = standard.Concat(own).ToList();
        if (candidates.Count == 0)
        {
            throw Fail(call, $"undeclared reference to '{call.Function}' (in container '')");
        }

        CelType? result = null;
        foreach (var candidate in candidates)
        {
            if (candidate.IsMember != (call.Target is not null) || candidate.Parameters.Count != arguments.Count)
            {
                continue;
            }

            var bound = new Dictionary<string, CelType>();
            if (!candidate.Parameters.Zip(arguments).All(pair => Fits(pair.First, pair.Second, bound)))
            {
                continue;
            }

            var type = Substitute(candidate.Result, bound);
            if (result is null)
            {
                result = type;
            }
            else if (result.Kind != type.Kind)
            {
                result = CelType.Dyn;
            }
        }

        if (result is null)
        {
            var list = string.Join(", ", call.Target is null ? arguments : arguments.Skip(1));
            throw Fail(call, call.Target is null
                ? $"found no matching overload for '{call.Function}' applied to '({list})'"
                : $"found no matching overload for '{call.Function}' applied to '{arguments[0]}.({list})'");
        }

        CheckRegex(call);
        return result;
    }

    /// <summary>The arguments of <c>format</c> are the one list literal whose elements may differ in type.</summary>
    private CelType Mixed(CelListExpr list)
    {
        foreach (var (element, _) in list.Elements)
        {
            Visit(element);
        }

        return list.Type = CelType.ListOf(CelType.Dyn);
    }

    private void CheckRegex(CelCall call)
    {
        if (call.Function is "matches" or "find" or "findAll" && call.All.Count >= 2 &&
            call.All[1] is CelLiteral { Value.Kind: CelKind.String } pattern)
        {
            try
            {
                CelRegex.Compile(pattern.Value.Text);
            }
            catch (ArgumentException e)
            {
                throw Fail(pattern, $"invalid matches argument: {e.Message}");
            }
        }
    }

    /// <summary>Whether a value of type <paramref name="actual"/> can stand where <paramref name="wanted"/> is asked for.</summary>
    private static bool Fits(CelType wanted, CelType actual, Dictionary<string, CelType> bound)
    {
        if (wanted.Kind == CelKind.Parameter)
        {
            if (!bound.TryGetValue(wanted.Name, out var before))
            {
                bound.Add(wanted.Name, actual);
                return true;
            }

            if (before.Kind is CelKind.Dyn or CelKind.Null && actual.Kind != CelKind.Dyn)
            {
                bound[wanted.Name] = actual;
            }

            return Fits(before, actual, bound);
        }

        if (wanted.Kind == CelKind.Dyn || actual.Kind is CelKind.Dyn or CelKind.Parameter)
        {
            return true;
        }

        if (wanted.Kind == CelKind.Null || actual.Kind == CelKind.Null)
        {
            var other = wanted.Kind == CelKind.Null ? actual.Kind : wanted.Kind;
            return other is CelKind.Null or CelKind.Object or CelKind.Timestamp or CelKind.Duration or CelKind.Opaque or CelKind.Optional;
        }

        if (wanted.Kind != actual.Kind)
        {
            return false;
        }

        return wanted.Kind switch
        {
            CelKind.List or CelKind.Optional => Fits(wanted.Element!, actual.Element!, bound),
            CelKind.Map => Fits(wanted.Key!, actual.Key!, bound) && Fits(wanted.Element!, actual.Element!, bound),
            CelKind.Object or CelKind.Opaque => wanted.Name == actual.Name,
            _ => true,
        };
    }

    private static CelType Substitute(CelType type, Dictionary<string, CelType> bound) => type.Kind switch
    {
        CelKind.Parameter => bound.GetValueOrDefault(type.Name) ?? CelType.Dyn,
        CelKind.List => CelType.ListOf(Substitute(type.Element!, bound)),
        CelKind.Map => CelType.MapOf(Substitute(type.Key!, bound), Substitute(type.Element!, bound)),
        CelKind.Optional => CelType.OptionalOf(Substitute(type.Element!, bound)),
        _ => type,
    };
}
