// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Kubernetes;

/// <summary>An IPv4 address may be dressed up as one of IPv6, in which rules for the former would not know it.</summary>
internal static class EmbeddedAddress
{
    /// <summary>An address, and those that it may stand for.</summary>
    /// <param name="address">The address as it is written.</param>
    public static IEnumerable<IPAddress> Of(IPAddress address)
    {
        // A zone ("%eth0") says by which way, not to where.
        var bytes = address.GetAddressBytes();
        yield return new IPAddress(bytes);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            yield break;
        }

        switch (bytes)
        {
            // Compatible (::a.b.c.d), mapped (::ffff:a.b.c.d), translated (::ffff:0:a.b.c.d); not :: and ::1.
            case [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] when bytes is not [.., 0, 0, 0, 0 or 1]:
            case [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ..]:
            case [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, ..]:
            // For a translator (RFC 6052).
            case [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..]:
                yield return new IPAddress(bytes.AsSpan(12, 4));
                break;

            // For one of a network's own (RFC 8215), which chooses a prefix of 48, 56, 64 or 96 bits in there. Byte 8 stays empty.
            case [0x00, 0x64, 0xff, 0x9b, 0, 1, ..]:
                yield return new IPAddress([bytes[6], bytes[7], bytes[9], bytes[10]]);
                yield return new IPAddress([bytes[7], bytes[9], bytes[10], bytes[11]]);
                yield return new IPAddress(bytes.AsSpan(9, 4));
                yield return new IPAddress(bytes.AsSpan(12, 4));
                break;

            // 6to4 (RFC 3056).
            case [0x20, 0x02, ..]:
                yield return new IPAddress(bytes.AsSpan(2, 4));
                break;
        }
    }
}
