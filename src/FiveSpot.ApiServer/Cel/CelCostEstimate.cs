// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>The worst cost of an expression over all values of the types of its variables: cel-go's static estimate, of
/// which Kubernetes only uses the upper end.</summary>
internal static class CelCostEstimate
{
    public static double Most(CelProgram program) => new Walk().Visit(program.Root).Cost;

    /// <summary>What is known of a part of an expression.</summary>
    /// <param name="Cost">The most that evaluating costs.</param>
    /// <param name="Size">The largest size of the result, as <see cref="CelValue.Size"/> counts.</param>
    /// <param name="Least">The smallest size of the result.</param>
    private readonly record struct Bound(double Cost, double Size, double Least = 0);

    private sealed class Walk
    {
        public Bound Visit(CelExpr node) => node switch
        {
            CelLiteral literal => new Bound(0, literal.Value.Size, literal.Value.Size),
            CelIdent ident => new Bound(1, SizeOf(ident.Type)),
            CelSelect select => Select(select),
            CelListExpr list => new Bound(10 + list.Elements.Sum(e => Visit(e.Value).Cost), list.Elements.Count, list.Elements.Count),
            CelMapExpr map => new Bound(30 + map.Entries.Sum(e => Visit(e.Key).Cost + Visit(e.Value).Cost), map.Entries.Count, map.Entries.Count),
            CelComprehension loop => Loop(loop),
            _ => Call((CelCall)node),
        };

        /// <summary>The largest size of a value of a type. A simple value counts 1; a dynamic one can be anything.</summary>
        private static double SizeOf(CelType type) => type.MaxSize ?? type.Kind switch
        {
            CelKind.String or CelKind.Bytes or CelKind.List or CelKind.Map or CelKind.Dyn => double.PositiveInfinity,
            CelKind.Optional when type.Element is { } element => SizeOf(element),
            _ => 1,
        };

        private Bound Select(CelSelect select)
        {
            var operand = Visit(select.Operand);
            return select.Test ? new Bound(operand.Cost, 1) : new Bound(operand.Cost + 1, SizeOf(select.Type));
        }

        private Bound Loop(CelComprehension loop)
        {
            var range = Visit(loop.Range);
            var predicate = loop.Predicate is { } p ? Visit(p).Cost : 0;
            var transform = loop.Transform is { } t ? Visit(t) : new Bound(0, 1);

            // What the macro expands to, an iteration: the loop's condition and the step that accumulates.
            return loop.Macro switch
            {
                CelMacro.All => new Bound(range.Cost + 1 + Times(range.Size, predicate + 3), 1),
                CelMacro.Exists => new Bound(range.Cost + 1 + Times(range.Size, predicate + 4), 1),
                CelMacro.ExistsOne => new Bound(range.Cost + 2 + Times(range.Size, predicate + 2), 1),
                CelMacro.Filter => new Bound(range.Cost + 11 + Times(range.Size, predicate + 13), range.Size),
                CelMacro.Map => new Bound(range.Cost + 11 + Times(range.Size, predicate + transform.Cost + 12), range.Size),
                _ => new Bound(range.Cost + transform.Cost + 10, transform.Size),
            };
        }

        private static double Times(double count, double cost) => cost == 0 ? 0 : count * cost;

        private static double Traverse(double size, double factor = CelCosts.StringFactor) => Math.Ceiling(size * factor);

        private Bound Call(CelCall call)
        {
            var parts = call.All.Select(Visit).ToList();
            var cost = parts.Sum(p => p.Cost);
            var first = parts.Count > 0 ? parts[0].Size : 0;
            var second = parts.Count > 1 ? parts[1].Size : 0;
            switch (call.Function)
            {
                case "_&&_" or "_||_":
                    return new Bound(cost, 1);
                case "_?_:_":
                    return new Bound(parts[0].Cost + Math.Max(parts[1].Cost, parts[2].Cost), Math.Max(second, parts[2].Size),
                        Math.Min(parts[1].Least, parts[2].Least));
                case "matches" or "find" or "findAll":
                    return new Bound(cost + Product(Traverse(first + 1), Traverse(second, CelCosts.RegexFactor)), first);
                case "contains":
                    return new Bound(cost + Product(Traverse(first), Traverse(second)), 1);
                case "startsWith" or "endsWith":
                    return new Bound(cost + Traverse(second), 1);
                case "@in" when call.All[1].Type.Kind is CelKind.List or CelKind.Dyn:
                    return new Bound(cost + second, 1);
                case "_==_" or "_!=_":
                    return new Bound(cost + Math.Max(1, Traverse(Math.Min(first, second))), 1);
                case "_<_" or "_<=_" or "_>_" or "_>=_" when call.All[0].Type.Kind is CelKind.String or CelKind.Bytes:
                    return new Bound(cost + Traverse(Math.Min(first, second)), 1);
                case "_+_" when call.Type.Kind is CelKind.String or CelKind.Bytes:
                    return new Bound(cost + Traverse(first + second), first + second, parts[0].Least + parts[1].Least);
                case "_+_" when call.Type.Kind is CelKind.List or CelKind.Dyn:
                    return new Bound(cost + 1, first + second, parts[0].Least + parts[1].Least);
                case "bytes" or "string":
                    var isText = call.All[0].Type.Kind is CelKind.String or CelKind.Bytes or CelKind.Dyn;
                    return new Bound(cost + (isText ? Traverse(first) : 1), isText ? first : 64);
                case "lowerAscii" or "upperAscii" or "substring" or "trim" or "reverse":
                    return new Bound(cost + Traverse(first), first);
                case "replace":
                    return new Bound(cost + Traverse(first, 2 * CelCosts.StringFactor), Replaced(parts));
                case "split":
                    return new Bound(cost + Traverse(first, 2 * CelCosts.StringFactor), first);
                case "join":
                    var element = call.All[0].Type.Element is { } e ? SizeOf(e) : double.PositiveInfinity;
                    var joined = Product(first, element) + Product(Math.Max(0, first - 1), second);
                    return new Bound(cost + Traverse(joined), joined);
                case "isSorted" or "sum" or "min" or "max" or "indexOf" or "lastIndexOf":
                    return new Bound(cost + ScanOf(call.All[0].Type, first), SizeOf(call.Type));
                case "sets.contains" or "sets.intersects" or "sets.equivalent":
                    return new Bound(cost + Product(first, second), 1);
                case "dyn" or "orValue" or "or" or "value" or "optional.of" or "optional.ofNonZeroValue":
                    return new Bound(cost + 1, Math.Max(first, second));
                default:
                    return new Bound(cost + 1, SizeOf(call.Type));
            }
        }

        private static double ScanOf(CelType list, double size) => list.Kind == CelKind.List
            ? Product(size, list.Element is { Kind: CelKind.String or CelKind.Bytes } text ? 1 + Traverse(SizeOf(text)) : 1)
            : Traverse(size);

        private static double Replaced(List<Bound> parts)
        {
            var (text, old, by) = (parts[0].Size, parts[1].Least, parts[2].Size);
            return old == 0 ? Product(text + 1, by) + text : by <= old ? text : Product(Math.Ceiling(text / old), by);
        }

        /// <summary>A product in which nothing times everything is nothing.</summary>
        private static double Product(double a, double b) => a == 0 || b == 0 ? 0 : a * b;
    }
}
