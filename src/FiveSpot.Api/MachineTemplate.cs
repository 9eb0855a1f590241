// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>What the Cluster API Machine carries besides its references.</summary>
public sealed record MachineTemplate
{
    /// <summary>
    /// Labels for the Machine: at most 64, no key with a reserved prefix; Cluster API copies some to the Node.
    /// </summary>
    [Schema(
        "Labels for the Machine, at most 64; Cluster API hands those with the prefixes node-role.kubernetes.io and "
        + "node-restriction.kubernetes.io on to the Node. Keys whose prefix is cluster.x-k8s.io, 5spot.finos.org or a "
        + "subdomain of these (such as node.cluster.x-k8s.io), or exactly kubernetes.io or k8s.io, are refused. "
        + "Example: {\"node-role.kubernetes.io/worker\": \"\"}.",
        MaxItems = Limits.MapEntries, ItemMaxLength = Limits.LabelValue)]
    [CelRule(Cel.NoReservedKey, Sentences.ReservedKey)]
    [CelRule(Cel.LabelKeys, Sentences.LabelKey)]
    [CelRule(Cel.LabelValue, Sentences.LabelValue, On = CelRuleAttribute.Each)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations for the Machine: at most 64, no key with a reserved prefix.</summary>
    [Schema(
        "Annotations for the Machine, at most 64. The same keys are refused as in labels. "
        + "Example: {\"example.com/owner\": \"quants\"}.",
        MaxItems = Limits.MapEntries)]
    [CelRule(Cel.NoReservedKey, Sentences.ReservedKey)]
    [CelRule(Cel.AnnotationKeys, Sentences.AnnotationKey)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Kubernetes version of the Machine, in full, such as <c>v1.32.1</c>; 1 to 256 characters.</summary>
    [Schema(
        "Kubernetes version of the Machine, for bootstrap providers that read it there. It has to be a full version: "
        + "v1.32 is refused by Cluster API. Example: v1.32.1.",
        MinLength = 1, MaxLength = Limits.MachineField)]
    public string? Version { get; init; }

    /// <summary>Failure domain of the Machine; 1 to 256 characters.</summary>
    [Schema(
        "Failure domain of the Machine: where its infrastructure provider should place it. Example: rack-12.",
        MinLength = 1, MaxLength = Limits.MachineField)]
    public string? FailureDomain { get; init; }
}
