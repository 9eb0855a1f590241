// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>What a call costs at run time, in the units of cel-go and of Kubernetes' additions to it.</summary>
internal static class CelCosts
{
    /// <summary>The cost of walking a string, by byte.</summary>
    public const double StringFactor = 0.1;

    /// <summary>The cost of a regular expression, by byte of the pattern.</summary>
    public const double RegexFactor = 0.25;

    /// <summary>Most that one evaluation of one rule may cost.</summary>
    public const long PerCall = 1_000_000;

    /// <summary>Most that all evaluations for one object may cost.</summary>
    public const long PerObject = 10_000_000;

    public static long Traversal(long size, double times = 1) => (long)Math.Ceiling(size * StringFactor * times);

    public static long Of(string function, CelValue[] arguments)
    {
        switch (function)
        {
            case "matches" or "find" or "findAll" when arguments.Length >= 2:
                return Traversal(arguments[0].Size + 1) * (long)Math.Ceiling(arguments[1].Size * RegexFactor);
            case "contains" when arguments is [{ Kind: CelKind.String }, ..]:
                return Math.Max(1, Traversal(arguments[0].Size) * Traversal(arguments[1].Size));
            case "startsWith" or "endsWith":
                return Traversal(arguments[^1].Size);
            case "@in" when arguments[1].Kind == CelKind.List:
                return arguments[1].Size;
            case "_==_" or "_!=_" or "_<_" or "_<=_" or "_>_" or "_>=_":
                return Math.Max(1, Traversal(Math.Min(Deep(arguments[0], 3), Deep(arguments[1], 3))));
            case "_+_" when arguments[0].Kind is CelKind.String or CelKind.Bytes:
                return Traversal(arguments[0].Size + arguments[1].Size);
            case "string" or "bytes" or "lowerAscii" or "upperAscii" or "substring" or "trim" or "reverse":
                return Math.Max(1, Traversal(arguments[0].Size));
            case "replace" or "split":
                return Traversal(arguments[0].Size, 2);
            case "isSorted" or "sum" or "min" or "max" or "indexOf" or "lastIndexOf":
                return arguments[0].Kind == CelKind.List ? Math.Max(1, Deep(arguments[0], 2)) : Traversal(arguments[0].Size);
            case "sets.contains" or "sets.intersects" or "sets.equivalent":
                return Math.Max(1, arguments[0].Size * arguments[1].Size);
            case "join":
                return 0;
            default:
                return 1;
        }
    }

    /// <summary>The size of a value with what it contains, down to a few levels.</summary>
    private static long Deep(CelValue value, int levels) => value.Kind switch
    {
        CelKind.List when levels > 0 => value.Items.Sum(item => Deep(item, levels - 1)),
        _ => value.Size,
    };
}
