// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Simulation;

/// <summary>What a webhook says of an object that is to be written.</summary>
/// <param name="Problems">What is wrong with it, a sentence each as Kubernetes writes them; none where it may be written.</param>
/// <param name="Patch">What is to be changed first, as a JSON Patch.</param>
internal sealed record AdmissionVerdict(IReadOnlyList<string> Problems, JsonArray Patch)
{
    public static readonly AdmissionVerdict Fine = new([], []);
}
