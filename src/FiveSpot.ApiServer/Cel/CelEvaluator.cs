// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>Evaluates one expression once, and counts what it costs.</summary>
internal sealed class CelEvaluator(
    IReadOnlyDictionary<string, CelValue> activation, IReadOnlyList<CelFunction> functions, long budget)
{
    private Binding? _bindings;

    public long Remaining { get; private set; } = budget;

    public CelValue Run(CelExpr node)
    {
        switch (node)
        {
            case CelLiteral literal:
                return literal.Value;
            case CelIdent ident:
                Charge(1);
                return Resolve(ident.Name);
            case CelSelect select:
                return Select(select);
            case CelCall call:
                return Call(call);
            case CelListExpr list:
                return List(list);
            case CelMapExpr map:
                return Map(map);
            default:
                return Comprehend((CelComprehension)node);
        }
    }

    private void Charge(long cost)
    {
        Remaining -= cost;
        if (Remaining < 0)
        {
            throw new CelBudgetException();
        }
    }

    private CelValue Resolve(string name)
    {
        for (var binding = _bindings; binding is not null; binding = binding.Outer)
        {
            if (binding.Name == name)
            {
                return binding.Value;
            }
        }

        return activation.GetValueOrDefault(name) ?? CelSignatures.TypeNames.GetValueOrDefault(name)
            ?? CelValue.Error($"no such attribute(s): {name}");
    }

    private CelValue Select(CelSelect select)
    {
        var operand = Run(select.Operand);
        if (!select.Test)
        {
            Charge(1);
        }

        if (operand.IsError)
        {
            return operand;
        }

        var optional = select.Optional;
        if (operand.Kind == CelKind.Optional)
        {
            if (operand.Content is not CelValue content)
            {
                return select.Test ? CelValue.False : operand;
            }

            optional = true;
            operand = content;
        }

        if (operand.Kind != CelKind.Map)
        {
            return optional && operand.Kind == CelKind.Null ? CelValue.None : CelValue.Error("no such overload");
        }

        var key = CelValue.Of(select.Field);
        if (select.Test)
        {
            return CelValue.Of(operand.Map.Contains(key));
        }

        return operand.Map.Find(key) is { } found
            ? optional && !found.IsError ? CelValue.Some(found) : found
            : optional ? CelValue.None : CelValue.Error($"no such key: {select.Field}");
    }

    private CelValue List(CelListExpr list)
    {
        Charge(10);
        var items = new List<CelValue>(list.Elements.Count);
        foreach (var (element, optional) in list.Elements)
        {
            var value = Run(element);
            if (value.IsError)
            {
                return value;
            }

            if (!optional)
            {
                items.Add(value);
            }
            else if (value.Content is CelValue content)
            {
                items.Add(content);
            }
        }

        return CelValue.Of(items);
    }

    private CelValue Map(CelMapExpr map)
    {
        Charge(30);
        var entries = new List<(CelValue, CelValue)>(map.Entries.Count);
        foreach (var (keyNode, valueNode, optional) in map.Entries)
        {
            var key = Run(keyNode);
            var value = Run(valueNode);
            if (key.IsError || value.IsError)
            {
                return key.IsError ? key : value;
            }

            if (key.Kind is not (CelKind.Bool or CelKind.Int or CelKind.Uint or CelKind.String))
            {
                return CelValue.Error($"unsupported key type: {key.TypeName}");
            }

            if (!optional)
            {
                entries.Add((key, value));
            }
            else if (value.Content is CelValue content)
            {
                entries.Add((key, content));
            }
        }

        var result = new CelMap.Entries(entries);
        return result.Duplicate is { } twice
            ? CelValue.Error($"Failed with repeated key: {twice}")
            : CelValue.Of(result);
    }

    private CelValue Call(CelCall call)
    {
        switch (call.Function)
        {
            case "_&&_":
                return Logical(call, absorbing: false);
            case "_||_":
                return Logical(call, absorbing: true);
            case "_?_:_":
                var condition = Run(call.All[0]);
                return condition.Kind switch
                {
                    CelKind.Bool => Run(call.All[condition.IsTrue ? 1 : 2]),
                    CelKind.Error => condition,
                    _ => CelValue.Error("no such overload"),
                };
        }

        var arguments = new CelValue[call.All.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Run(call.All[i]);
            if (arguments[i].IsError)
            {
                return arguments[i];
            }
        }

        foreach (var own in functions)
        {
            if (own.Name == call.Function && own.IsMember == call.Target is not null && Accepts(own, arguments))
            {
                Charge(own.Cost);
                return own.Body(arguments);
            }
        }

        Charge(CelCosts.Of(call.Function, arguments));
        var result = CelLibrary.Call(call.Function, arguments);
        if (call.Function == "join" && result.Kind == CelKind.String)
        {
            Charge(CelCosts.Traversal(result.Size, 2));
        }

        return result;
    }

    private static bool Accepts(CelFunction function, CelValue[] arguments) =>
        function.Parameters.Count == arguments.Length && function.Parameters.Zip(arguments).All(pair =>
            pair.First.Kind is CelKind.Dyn or CelKind.Parameter || pair.First.Kind == pair.Second.Kind ||
            (pair.First.Kind == CelKind.Object && pair.Second.Kind == CelKind.Map));

    /// <summary>A failing side does not matter when the other one settles the result.</summary>
    private CelValue Logical(CelCall call, bool absorbing)
    {
        var left = Run(call.All[0]);
        if (left.Kind == CelKind.Bool && left.IsTrue == absorbing)
        {
            return left;
        }

        var right = Run(call.All[1]);
        if (right.Kind == CelKind.Bool && right.IsTrue == absorbing)
        {
            return right;
        }

        if (left.Kind == CelKind.Bool && right.Kind == CelKind.Bool)
        {
            return CelValue.Of(!absorbing);
        }

        return left.IsError ? left : right.IsError ? right : CelValue.Error("no such overload");
    }

    private CelValue Comprehend(CelComprehension loop)
    {
        var range = Run(loop.Range);
        if (range.IsError)
        {
            return range;
        }

        if (loop.Macro is CelMacro.OptMap or CelMacro.OptFlatMap)
        {
            return OptMap(loop, range);
        }

        IEnumerable<CelValue>? items = range.Kind switch
        {
            CelKind.List => range.Items,
            CelKind.Map => range.Map.Keys,
            _ => null,
        };
        if (items is null)
        {
            return CelValue.Error("no such overload");
        }

        var outer = _bindings;
        try
        {
            return loop.Macro switch
            {
                CelMacro.All => Quantify(loop, items, outer, stopsAt: false),
                CelMacro.Exists => Quantify(loop, items, outer, stopsAt: true),
                CelMacro.ExistsOne => ExistsOne(loop, items, outer),
                _ => Collect(loop, items, outer),
            };
        }
        finally
        {
            _bindings = outer;
        }
    }

    private CelValue OptMap(CelComprehension loop, CelValue range)
    {
        if (range.Content is not CelValue content)
        {
            return range.Kind == CelKind.Optional ? range : CelValue.Error("no such overload");
        }

        var outer = _bindings;
        _bindings = new Binding(loop.Variable, content, outer);
        var result = Run(loop.Transform!);
        _bindings = outer;
        return loop.Macro == CelMacro.OptFlatMap || result.IsError ? result : CelValue.Some(result);
    }

    private CelValue Quantify(CelComprehension loop, IEnumerable<CelValue> items, Binding? outer, bool stopsAt)
    {
        Charge(1);
        CelValue? failure = null;
        foreach (var item in items)
        {
            Charge(stopsAt ? 4 : 3);
            _bindings = new Binding(loop.Variable, item, outer);
            var value = Run(loop.Predicate!);
            if (value.Kind != CelKind.Bool)
            {
                failure ??= value.IsError ? value : CelValue.Error("no such overload");
            }
            else if (value.IsTrue == stopsAt)
            {
                return value;
            }
        }

        return failure ?? CelValue.Of(!stopsAt);
    }

    private CelValue ExistsOne(CelComprehension loop, IEnumerable<CelValue> items, Binding? outer)
    {
        Charge(2);
        var count = 0;
        foreach (var item in items)
        {
            _bindings = new Binding(loop.Variable, item, outer);
            var value = Run(loop.Predicate!);
            if (value.Kind != CelKind.Bool)
            {
                return value.IsError ? value : CelValue.Error("no such overload");
            }

            Charge(value.IsTrue ? 2 : 1);
            count += value.IsTrue ? 1 : 0;
        }

        return CelValue.Of(count == 1);
    }

    private CelValue Collect(CelComprehension loop, IEnumerable<CelValue> items, Binding? outer)
    {
        Charge(11);
        var result = new List<CelValue>();
        foreach (var item in items)
        {
            _bindings = new Binding(loop.Variable, item, outer);
            if (loop.Predicate is { } predicate)
            {
                var value = Run(predicate);
                if (value.Kind != CelKind.Bool)
                {
                    return value.IsError ? value : CelValue.Error("no such overload");
                }

                if (!value.IsTrue)
                {
                    Charge(1);
                    continue;
                }
            }

            Charge(12);
            var element = loop.Transform is { } transform ? Run(transform) : item;
            if (element.IsError)
            {
                return element;
            }

            result.Add(element);
        }

        return CelValue.Of(result);
    }

    private sealed record Binding(string Name, CelValue Value, Binding? Outer);
}
