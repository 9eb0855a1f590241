// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes.Tests;

public sealed class WindowTests
{
    /// <summary>By default it grows to 16 MiB a call where the server takes its time to answer pings.</summary>
    [Fact]
    public void Of_what_a_server_sends_ahead_little_is_kept()
    {
        using var share = new CacheBudget().Open();
        using var handler = ServerTransport.CreateHandler(ClusterConnection.ForServer(new Uri("https://127.0.0.1:1")), share);
        handler.InitialHttp2StreamWindowSize.ShouldBe(64 << 10);
        AppContext.TryGetSwitch("System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing", out var isFixed).ShouldBeTrue();
        isFixed.ShouldBeTrue();
    }
}
