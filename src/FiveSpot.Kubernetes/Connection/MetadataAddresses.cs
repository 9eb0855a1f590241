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
    // Outside of the link-local ranges: of AWS and Google over IPv6, of Alibaba Cloud, of Azure's host, of Oracle's.
    private static readonly IPAddress[] Others =
    [
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254"), IPAddress.Parse("100.100.100.200"),
        IPAddress.Parse("168.63.129.16"), IPAddress.Parse("192.0.0.192"),
    ];

    /// <summary>Whether an address is link-local or one of those, in whatever form it is written.</summary>
    public static bool Contains(IPAddress address) => EmbeddedAddress.Of(address).Any(static plain =>
        plain.IsIPv6LinkLocal
        || (plain.AddressFamily == AddressFamily.InterNetwork && plain.GetAddressBytes() is [169, 254, ..])
        || Array.Exists(Others, plain.Equals));
}
