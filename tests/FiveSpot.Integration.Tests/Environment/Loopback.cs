// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>This machine, to itself.</summary>
internal static class Loopback
{
    /// <summary>A port that nobody listens on at the moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
