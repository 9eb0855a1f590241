// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>What providers report by the contracts of Cluster API, the old one and the new.</summary>
internal static class Contract
{
    /// <summary>The Secret of a bootstrap config, once it is made.</summary>
    public static string? DataSecretOf(ApiObject config) =>
        config.Json.Flag("status", "ready") == true || config.Json.Flag("status", "initialization", "dataSecretCreated") == true
            ? config.Json.Text("status", "dataSecretName")
            : null;

    /// <summary>Whether a machine's infrastructure is up.</summary>
    public static bool IsProvisioned(ApiObject infrastructure) =>
        infrastructure.Json.Flag("status", "ready") == true || infrastructure.Json.Flag("status", "initialization", "provisioned") == true;
}
