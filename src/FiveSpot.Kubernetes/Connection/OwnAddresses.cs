// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Kubernetes;

/// <summary>Addresses that lead to where this process is, or to the API server that it is a client of.</summary>
internal static class OwnAddresses
{
    /// <summary>Whether an address is on this machine's loopback, in whatever form it is written.</summary>
    /// <param name="address">The address. Linux takes the unspecified one for loopback.</param>
    public static bool IsLoopback(IPAddress address) => EmbeddedAddress.Of(address).Any(static plain =>
        IPAddress.IsLoopback(plain) || plain.Equals(IPAddress.IPv6Any)
        || (plain.AddressFamily == AddressFamily.InterNetwork && plain.GetAddressBytes() is [0, ..]));

    /// <summary>Whether a name is one of loopback's (RFC 6761).</summary>
    public static bool IsLoopback(string host) => $".{host.TrimEnd('.')}".EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether two addresses may be one.</summary>
    public static bool AreSame(IPAddress one, IPAddress other) => EmbeddedAddress.Of(one).Intersect(EmbeddedAddress.Of(other)).Any();

    /// <summary>Whether a host is that of an API server, as far as its name tells.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="server">The API server.</param>
    public static bool IsHostOf(string host, Uri server) =>
        host.TrimEnd('.').Equals(server.IdnHost.TrimEnd('.'), StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var one) && IPAddress.TryParse(server.IdnHost, out var other) && AreSame(one, other));
}
