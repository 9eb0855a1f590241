// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>An object of a Cluster API provider that 5-Spot creates, without its name.</summary>
public sealed record ObjectTemplate
{
    /// <summary>Group and version; which groups are allowed depends on what the template is for.</summary>
    [Schema(
        "API group and version of the object, such as infrastructure.cluster.x-k8s.io/v1beta1. A core version (v1) is "
        + "refused.",
        MaxLength = Limits.ApiVersion)]
    public required string ApiVersion { get; init; }

    /// <summary>Kind: 1 to 63 letters, digits or <c>-</c>, the first a letter.</summary>
    [Schema(
        "Kind of the object: at most 63 letters, digits or '-', the first a letter, such as K0sWorkerConfig or RemoteMachine.",
        MaxLength = Limits.Kind)]
    [CelRule(Cel.Kind, Sentences.Kind)]
    public required string Kind { get; init; }

    /// <summary>Labels and annotations for the object.</summary>
    [Schema(
        "Labels and annotations for the object. Its name and namespace are always those of the ScheduledMachine.")]
    public TemplateMetadata? Metadata { get; init; }

    /// <summary>The provider's own fields, kept as they are; a JSON object.</summary>
    [Schema(
        "The spec of the object: the provider's own fields, handed on as they are. See the provider's documentation "
        + "for what belongs here.")]
    public required JsonElement Spec { get; init; }
}
