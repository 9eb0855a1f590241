// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Schema;

/// <summary>
/// What the CRD's schema says of a field beyond its type. Defaults are not here: they are what the type itself
/// decodes to when the field is absent.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SchemaAttribute(string description) : Attribute
{
    /// <summary>A number that says nothing.</summary>
    public const int Unset = -1;

    /// <summary>What <c>kubectl explain</c> shows: meaning, form, default, example.</summary>
    public string Description => description;

    /// <summary>Fewest characters of a string.</summary>
    public int MinLength { get; init; } = Unset;

    /// <summary>Most characters (code points) of a string.</summary>
    public int MaxLength { get; init; } = Unset;

    /// <summary>Least value of an integer; not negative.</summary>
    public int Minimum { get; init; } = Unset;

    /// <summary>Greatest value of an integer.</summary>
    public int Maximum { get; init; } = Unset;

    /// <summary>Most items of a list, or entries of a map.</summary>
    public int MaxItems { get; init; } = Unset;

    /// <summary>Fewest characters of each string in a list or map.</summary>
    public int ItemMinLength { get; init; } = Unset;

    /// <summary>Most characters of each string in a list or map.</summary>
    public int ItemMaxLength { get; init; } = Unset;

    /// <summary>All values that a string may have.</summary>
    public string[]? Enum { get; init; }

    /// <summary>A regular expression that a string must match. Without a sentence: where one helps, a rule is better.</summary>
    public string? Pattern { get; init; }

    /// <summary>For a list of objects that is a map: the field that is its key. All other lists are atomic.</summary>
    public string? ListMapKey { get; init; }

    /// <summary>
    /// For an object: whether it is owned as a whole. So is every reference: half of one means nothing. It also matters to
    /// servers up to 1.20, where an object that is left out of an apply, and is not atomic, becomes null instead of going.
    /// </summary>
    public bool IsAtomic { get; init; }
}
