// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Rules;

/// <summary>
/// The bounds of a ScheduledMachine, for the schema and for <see cref="ScheduledMachineRules"/>. Where the API itself
/// has none, they are generous for people and keep what the API server reckons as the cost of a rule far below its
/// limit.
/// </summary>
internal static class Limits
{
    /// <summary>A label's value, and the name part of a key.</summary>
    public const int LabelValue = 63;

    /// <summary>A DNS subdomain: the name of an object, the prefix of a key.</summary>
    public const int Subdomain = 253;

    /// <summary>A label's or annotation's key: prefix, slash, name.</summary>
    public const int Key = Subdomain + 1 + LabelValue;

    /// <summary>Labels, or annotations, of one template.</summary>
    public const int MapEntries = 64;

    /// <summary>What the API server allows all annotations of an object, in bytes of UTF-8.</summary>
    public const int AnnotationBytes = 256 * 1024;

    /// <summary>Entries of <c>daysOfWeek</c>, and of <c>hoursOfDay</c>.</summary>
    public const int ScheduleEntries = 64;

    /// <summary>Characters of one entry of a schedule.</summary>
    public const int ScheduleEntry = 256;

    /// <summary>Characters of a time zone's name.</summary>
    public const int Timezone = 64;

    /// <summary>Characters of <c>apiVersion</c>.</summary>
    public const int ApiVersion = 128;

    /// <summary>Characters of <c>kind</c>.</summary>
    public const int Kind = 63;

    /// <summary>Characters of a duration.</summary>
    public const int Duration = 16;

    /// <summary>Characters of <c>machineTemplate.version</c> and <c>failureDomain</c>, as in Cluster API.</summary>
    public const int MachineField = 256;

    /// <summary>Characters of <c>computer</c>: a host's name may have so many.</summary>
    public const int Computer = 253;

    /// <summary>Greatest priority.</summary>
    public const int Priority = 255;

    /// <summary>Entries of <c>killIfCommands</c>.</summary>
    public const int Commands = 100;

    /// <summary>Characters of one of them.</summary>
    public const int Command = 256;

    /// <summary>Taints.</summary>
    public const int Taints = 64;

    /// <summary>Characters of the longest taint effect.</summary>
    public const int TaintEffect = 16;
}
