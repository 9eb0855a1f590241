// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary><c>deploy/admission</c>.</summary>
internal static class AdmissionFolder
{
    public const string PolicyName = "scheduledmachines.5spot.finos.org";

    public static readonly ResourceType Policy = DeployFolder.Policy;

    public static readonly ResourceType Binding = DeployFolder.Binding;

    private static readonly DeployFolder Folder = new("admission");

    /// <inheritdoc cref="DeployFolder.Named"/>
    public static IReadOnlyList<string> Named => Folder.Named;

    /// <inheritdoc cref="DeployFolder.Present"/>
    public static IReadOnlyList<string> Present => Folder.Present;

    /// <inheritdoc cref="DeployFolder.ApplyAsync"/>
    public static Task ApplyAsync(ApiClient api) => Folder.ApplyAsync(api);
}
