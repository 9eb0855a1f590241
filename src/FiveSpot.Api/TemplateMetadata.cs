// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>Labels and annotations of a template. Name and namespace are not a template's to say.</summary>
public sealed record TemplateMetadata
{
    /// <summary>Labels for the object: at most 64, no key with a reserved prefix.</summary>
    [Schema(
        "Labels for the object, at most 64. Keys whose prefix is cluster.x-k8s.io, 5spot.finos.org or a subdomain of "
        + "these, or exactly kubernetes.io or k8s.io, are refused. Example: {\"example.com/rack\": \"r12\"}.",
        MaxItems = Limits.MapEntries, ItemMaxLength = Limits.LabelValue)]
    [CelRule(Cel.NoReservedKey, Sentences.ReservedKey)]
    [CelRule(Cel.LabelKeys, Sentences.LabelKey)]
    [CelRule(Cel.LabelValue, Sentences.LabelValue, On = CelRuleAttribute.Each)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations for the object: at most 64, no key with a reserved prefix.</summary>
    [Schema(
        "Annotations for the object, at most 64. The same keys are refused as in labels. "
        + "Example: {\"example.com/owner\": \"quants\"}.",
        MaxItems = Limits.MapEntries)]
    [CelRule(Cel.NoReservedKey, Sentences.ReservedKey)]
    [CelRule(Cel.AnnotationKeys, Sentences.AnnotationKey)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
