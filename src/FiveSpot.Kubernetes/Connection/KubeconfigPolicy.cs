// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What a kubeconfig may ask for whose author is not trusted; nothing that weakens the connection by default.</summary>
/// <remarks>A program that takes this from its command line names the flags as refusals do: <see cref="FlagFor"/>.</remarks>
public sealed record KubeconfigPolicy
{
    /// <summary>The field that names a proxy.</summary>
    public const string ProxyUrl = "proxy-url";

    /// <summary>The field that switches the check of the server's certificate off.</summary>
    public const string InsecureSkipTlsVerify = "insecure-skip-tls-verify";

    /// <summary>What addresses may be allowed that lead to where this process is.</summary>
    public const string OwnAddresses = "own-addresses";

    /// <summary>Allows none of it.</summary>
    public static KubeconfigPolicy Strict { get; } = new();

    /// <summary>Whether <c>proxy-url</c> may be set: the author then chooses a host that sees where this process connects
    /// to, and that it connects to by another's name.</summary>
    public bool AllowProxyUrl { get; init; }

    /// <summary>Whether a server may be spoken to that nothing proves to be the right one: by
    /// <c>insecure-skip-tls-verify</c>, or by an address that is http.</summary>
    public bool AllowInsecureSkipTlsVerify { get; init; }

    /// <summary>Whether the server may be at an address of <see cref="OwnServer"/>, or on loopback.</summary>
    public bool AllowOwnAddresses { get; init; }

    /// <summary>The API server that this process is a client of, and that its author is not to reach through it; null where there is
    /// none such, and loopback is as good as any other address.</summary>
    public Uri? OwnServer { get; init; }

    internal static string OwnAddressesRefused { get; } =
        $"this machine itself or to the management cluster's API server: allowed is the address of another server, or the operator starts the controller with {FlagFor(OwnAddresses)}";

    /// <summary>The flag that allows a field.</summary>
    /// <param name="field"><see cref="ProxyUrl"/>, <see cref="InsecureSkipTlsVerify"/> or <see cref="OwnAddresses"/>.</param>
    /// <returns>The flag, with its dashes.</returns>
    public static string FlagFor(string field) => $"--allow-kubeconfig-{field}";
}
