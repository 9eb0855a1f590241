// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>One key of a Secret in the same namespace.</summary>
public sealed record SecretKeyReference
{
    private const string DefaultKey = "value";

    /// <summary>Name of the Secret: a DNS subdomain, at most 253 characters.</summary>
    [Schema("Name of the Secret, in the namespace of the ScheduledMachine.", MaxLength = Limits.Subdomain)]
    [CelRule(Cel.SecretName, Sentences.SecretName)]
    public required string Name { get; init; }

    /// <summary>Key in the Secret's data: at most 253 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>.</summary>
    [Schema(
        "Key in the Secret's data under which the kubeconfig is; value by default, as in Cluster API's own Secrets.",
        MaxLength = Limits.Subdomain)]
    [CelRule(Cel.SecretKey, Sentences.SecretKey)]
    public string Key { get; init => field = value ?? DefaultKey; } = DefaultKey;
}
