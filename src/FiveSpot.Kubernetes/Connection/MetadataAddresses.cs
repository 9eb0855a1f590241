// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Addresses at which no API server is, but the metadata service of a cloud often: it gives credentials of the machine
/// that this process runs on to whoever asks from there.
/// </summary>
internal static class MetadataAddresses
{
    // Outside of the link-local ranges: of AWS over IPv6, of Alibaba Cloud, of Azure's host, of Oracle's.
    private static readonly IPAddress[] Others =
    [
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("100.100.100.200"), IPAddress.Parse("168.63.129.16"),
        IPAddress.Parse("192.0.0.192"),
    ];

    /// <summary>Whether an address is link-local or one of those, in whatever form it is written.</summary>
    public static bool Contains(IPAddress address)
    {
        var plain = Plain(address);
        return plain.IsIPv6LinkLocal
            || (plain.AddressFamily == AddressFamily.InterNetwork && plain.GetAddressBytes() is [169, 254, ..])
            || Array.Exists(Others, other => other.Equals(plain));
    }

    // An IPv4 address may be dressed up as one of IPv6: mapped, or for a translator (64:ff9b::/96, RFC 6052).
    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6
            && address.GetAddressBytes() is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. var inner]
            ? new IPAddress(inner)
            : address;
    }
}
