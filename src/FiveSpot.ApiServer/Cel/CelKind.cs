// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>The kinds of CEL values and types.</summary>
public enum CelKind
{
    /// <summary>Anything; the check is left to run time. Types only.</summary>
    Dyn,

    /// <summary><c>null</c>.</summary>
    Null,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Bool,

    /// <summary>A signed 64-bit integer.</summary>
    Int,

    /// <summary>An unsigned 64-bit integer.</summary>
    Uint,

    /// <summary>A 64-bit float.</summary>
    Double,

    /// <summary>Unicode text.</summary>
    String,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>An instant.</summary>
    Timestamp,

    /// <summary>A span of time.</summary>
    Duration,

    /// <summary>A list.</summary>
    List,

    /// <summary>A map, or a schema's object.</summary>
    Map,

    /// <summary>An object with declared fields. Types only: its values are of kind <see cref="Map"/>.</summary>
    Object,

    /// <summary>A type.</summary>
    Type,

    /// <summary>A value that may be absent (<c>?.</c>, <c>optional.of</c>).</summary>
    Optional,

    /// <summary>Something of the host's, with functions of its own (an authorizer).</summary>
    Opaque,

    /// <summary>A type parameter of a function. Types only.</summary>
    Parameter,

    /// <summary>A failed evaluation. Values only.</summary>
    Error,
}
