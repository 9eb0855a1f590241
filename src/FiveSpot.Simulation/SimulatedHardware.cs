// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>What is fixed about a physical machine, found from the name of its Machine.</summary>
internal static class SimulatedHardware
{
    private const string Scheme = "sandbox://";

    public static string ProviderIdOf(ObjectKey machine) => $"{Scheme}{machine.Namespace}/{machine.Name}";

    /// <summary>The Machine of a Node that the sandbox made; null for any other Node.</summary>
    public static ObjectKey? MachineOf(string? providerId) =>
        providerId?.StartsWith(Scheme, StringComparison.Ordinal) == true && providerId[Scheme.Length..].Split('/') is [var ns, var name]
            ? new ObjectKey(ns, name)
            : null;

    /// <summary>The content of its <c>/etc/machine-id</c>: 32 hexadecimal digits.</summary>
    public static string MachineIdOf(ObjectKey machine) => Digest("machine-id", machine);

    /// <summary>An address in 198.18.0.0/15, which is set aside for tests (RFC 2544).</summary>
    public static string AddressOf(ObjectKey machine)
    {
        var bytes = Convert.FromHexString(Digest("address", machine));
        return $"198.{18 + (bytes[0] & 1)}.{bytes[1]}.{1 + (bytes[2] % 254)}";
    }

    public static JsonObject NodeInfoOf(ObjectKey machine, string version) => new()
    {
        ["architecture"] = "amd64",
        ["bootID"] = new Guid(Convert.FromHexString(Digest("boot-id", machine))).ToString(),
        ["containerRuntimeVersion"] = "containerd://2.1.4",
        ["kernelVersion"] = "6.12.48-amd64",
        ["kubeProxyVersion"] = "",
        ["kubeletVersion"] = version,
        ["machineID"] = MachineIdOf(machine),
        ["operatingSystem"] = "linux",
        ["osImage"] = "5-Spot sandbox",
        ["systemUUID"] = new Guid(Convert.FromHexString(Digest("system-uuid", machine))).ToString(),
    };

    private static string Digest(string what, ObjectKey machine) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{what} {machine}")))[..32];
}
