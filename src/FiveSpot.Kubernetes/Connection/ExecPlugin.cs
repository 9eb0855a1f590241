// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>The <c>exec</c> entry of a kubeconfig's user.</summary>
internal sealed record ExecPlugin(
    string Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<(string Name, string Value)> Variables,
    string ApiVersion,
    string? ClusterServer,
    string? ClusterAuthorityData);
