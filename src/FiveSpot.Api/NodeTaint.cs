// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>A taint for the Node. Its identity is <c>(key, effect)</c>.</summary>
public sealed record NodeTaint
{
    /// <summary>Qualified name: at most 253 characters, its name part at most 63, no reserved prefix.</summary>
    [Schema(
        "Key of the taint: a name of at most 63 characters with an optional DNS prefix, at most 253 in all. The "
        + "prefixes 5spot.finos.org, kubernetes.io, node.kubernetes.io and node-role.kubernetes.io are reserved. "
        + "Example: example.com/dedicated.",
        MaxLength = Limits.Subdomain)]
    [CelRule(Cel.TaintKey, Sentences.TaintKey)]
    [CelRule(Cel.NoReservedTaintKey, Sentences.ReservedTaintKey)]
    public required string Key { get; init; }

    /// <summary>At most 63 characters, in the form of a label's value; may be empty.</summary>
    [Schema(
        "Value of the taint: at most 63 letters, digits, '-', '_' or '.'; may be left out. Example: batch.",
        MaxLength = Limits.LabelValue)]
    [CelRule(Cel.LabelValue, Sentences.TaintValue)]
    public string? Value { get; init; }

    /// <summary><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>.</summary>
    [Schema(
        "What happens to pods that do not tolerate the taint: NoSchedule (no new ones), PreferNoSchedule (none if it "
        + "can be avoided) or NoExecute (running ones are evicted too).",
        MaxLength = Limits.TaintEffect, Enum = ["NoSchedule", "PreferNoSchedule", "NoExecute"])]
    public required string Effect { get; init; }
}
