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

    /// <summary>Allows neither.</summary>
    public static KubeconfigPolicy Strict { get; } = new();

    /// <summary>Whether <c>proxy-url</c> may be set: the author then chooses a host that sees where this process connects
    /// to, and that it connects to by another's name.</summary>
    public bool AllowProxyUrl { get; init; }

    /// <summary>Whether a server may be spoken to that nothing proves to be the right one: by
    /// <c>insecure-skip-tls-verify</c>, or by an address that is http.</summary>
    public bool AllowInsecureSkipTlsVerify { get; init; }

    /// <summary>The flag that allows a field.</summary>
    /// <param name="field"><see cref="ProxyUrl"/> or <see cref="InsecureSkipTlsVerify"/>.</param>
    /// <returns>The flag, with its dashes.</returns>
    public static string FlagFor(string field) => $"--allow-kubeconfig-{field}";
}
