// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A node of a parsed expression. The checker writes its <see cref="Type"/>.</summary>
internal abstract class CelExpr(int position)
{
    public int Position { get; } = position;

    public CelType Type { get; set; } = CelType.Dyn;

    /// <summary>Levels of nodes under and including this one; bounded, so that recursion over a tree is.</summary>
    public int Depth { get; protected init; } = 1;

    protected static int Over(IEnumerable<CelExpr> children)
    {
        var depth = 0;
        foreach (var child in children)
        {
            depth = Math.Max(depth, child.Depth);
        }

        return depth + 1;
    }
}

internal sealed class CelLiteral(int position, CelValue value) : CelExpr(position)
{
    public CelValue Value { get; } = value;
}

internal sealed class CelIdent(int position, string name) : CelExpr(position)
{
    public string Name { get; } = name;
}

internal sealed class CelSelect : CelExpr
{
    public CelSelect(int position, CelExpr operand, string field, bool test, bool optional)
        : base(position)
    {
        Operand = operand;
        Field = field;
        Test = test;
        Optional = optional;
        Depth = operand.Depth + 1;
    }

    public CelExpr Operand { get; }

    public string Field { get; }

    /// <summary>Whether this is the argument of <c>has()</c>.</summary>
    public bool Test { get; }

    /// <summary>Whether this is <c>?.</c>.</summary>
    public bool Optional { get; }
}

internal sealed class CelCall : CelExpr
{
    public CelCall(int position, string function, CelExpr? target, IReadOnlyList<CelExpr> arguments)
        : base(position)
    {
        Function = function;
        Target = target;
        All = target is null ? [.. arguments] : [target, .. arguments];
        Depth = Over(All);
    }

    public string Function { get; }

    public CelExpr? Target { get; }

    /// <summary>The target, if any, and the arguments.</summary>
    public IReadOnlyList<CelExpr> All { get; }
}

internal sealed class CelListExpr : CelExpr
{
    public CelListExpr(int position, IReadOnlyList<(CelExpr Value, bool Optional)> elements)
        : base(position)
    {
        Elements = elements;
        Depth = Over(elements.Select(e => e.Value));
    }

    public IReadOnlyList<(CelExpr Value, bool Optional)> Elements { get; }
}

internal sealed class CelMapExpr : CelExpr
{
    public CelMapExpr(int position, IReadOnlyList<(CelExpr Key, CelExpr Value, bool Optional)> entries)
        : base(position)
    {
        Entries = entries;
        Depth = Over(entries.SelectMany(e => new[] { e.Key, e.Value }));
    }

    public IReadOnlyList<(CelExpr Key, CelExpr Value, bool Optional)> Entries { get; }
}

internal enum CelMacro
{
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
    OptMap,
    OptFlatMap,
}

internal sealed class CelComprehension : CelExpr
{
    public CelComprehension(int position, CelMacro macro, CelExpr range, string variable, CelExpr? predicate,
        CelExpr? transform)
        : base(position)
    {
        Macro = macro;
        Range = range;
        Variable = variable;
        Predicate = predicate;
        Transform = transform;
        Depth = Over(new[] { range, predicate, transform }.OfType<CelExpr>());
    }

    public CelMacro Macro { get; }

    public CelExpr Range { get; }

    public string Variable { get; }

    /// <summary>Null only for <c>map</c> without a filter.</summary>
    public CelExpr? Predicate { get; }

    /// <summary>Of <c>map</c> alone.</summary>
    public CelExpr? Transform { get; }
}
