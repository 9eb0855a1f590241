// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A static CEL type, with the bound on its size that the cost estimate needs.</summary>
public sealed class CelType
{
    /// <summary>Anything.</summary>
    public static readonly CelType Dyn = new(CelKind.Dyn);

    /// <summary>The type of <c>null</c>.</summary>
    public static readonly CelType Null = new(CelKind.Null);

    /// <summary>Truth values.</summary>
    public static readonly CelType Bool = new(CelKind.Bool);

    /// <summary>Signed 64-bit integers.</summary>
    public static readonly CelType Int = new(CelKind.Int);

    /// <summary>Unsigned 64-bit integers.</summary>
    public static readonly CelType Uint = new(CelKind.Uint);

    /// <summary>64-bit floats.</summary>
    public static readonly CelType Double = new(CelKind.Double);

    /// <summary>Text of any length.</summary>
    public static readonly CelType String = new(CelKind.String);

    /// <summary>Bytes of any length.</summary>
    public static readonly CelType Bytes = new(CelKind.Bytes);

    /// <summary>Instants.</summary>
    public static readonly CelType Timestamp = new(CelKind.Timestamp);

    /// <summary>Spans of time.</summary>
    public static readonly CelType Duration = new(CelKind.Duration);

    /// <summary>Types.</summary>
    public static readonly CelType TypeOfTypes = new(CelKind.Type);

    private CelType(CelKind kind) => Kind = kind;

    /// <summary>The kind.</summary>
    public CelKind Kind { get; }

    /// <summary>The name of a parameter, an object or an opaque type.</summary>
    public string Name { get; private init; } = "";

    /// <summary>The type of a map's keys.</summary>
    public CelType? Key { get; private init; }

    /// <summary>The type of a list's elements, a map's values or an optional's content.</summary>
    public CelType? Element { get; private init; }

    /// <summary>An object's fields, by the name that an expression uses.</summary>
    public IReadOnlyDictionary<string, CelField> Fields { get; private init; } = new Dictionary<string, CelField>();

    /// <summary>The most elements, entries or bytes that a value can have; null when nothing limits it.</summary>
    public long? MaxSize { get; init; }

    /// <summary>For a list: how two lists are compared and added (<c>x-kubernetes-list-type</c>).</summary>
    public string? ListType { get; init; }

    /// <summary>For a list of type <c>map</c>: the JSON names of the keys.</summary>
    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    /// <summary>A list of <paramref name="element"/>.</summary>
    public static CelType ListOf(CelType element, long? maxSize = null, string? listType = null,
        IReadOnlyList<string>? mapKeys = null) =>
        new(CelKind.List) { Element = element, MaxSize = maxSize, ListType = listType, ListMapKeys = mapKeys ?? [] };

    /// <summary>A map from <paramref name="key"/> to <paramref name="value"/>.</summary>
    public static CelType MapOf(CelType key, CelType value, long? maxSize = null) =>
        new(CelKind.Map) { Key = key, Element = value, MaxSize = maxSize };

    /// <summary>An object with these fields and no others.</summary>
    public static CelType ObjectOf(string name, IReadOnlyDictionary<string, CelField> fields) =>
        new(CelKind.Object) { Name = name, Fields = fields };

    /// <summary>A value that may be absent.</summary>
    public static CelType OptionalOf(CelType element) => new(CelKind.Optional) { Element = element };

    /// <summary>A type of the host's.</summary>
    public static CelType OpaqueOf(string name) => new(CelKind.Opaque) { Name = name };

    /// <summary>A type parameter of a function's signature.</summary>
    public static CelType ParameterOf(string name) => new(CelKind.Parameter) { Name = name };

    /// <summary>A simple type with a bound on its size.</summary>
    public static CelType Sized(CelType type, long maxSize) => new(type.Kind) { MaxSize = maxSize };

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CelKind.List => $"list({Element})",
        CelKind.Map => $"map({Key}, {Element})",
        CelKind.Optional => $"optional_type({Element})",
        CelKind.Object or CelKind.Opaque or CelKind.Parameter => Name,
        CelKind.Timestamp => "timestamp",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
