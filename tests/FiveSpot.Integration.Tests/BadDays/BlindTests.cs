// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>Contract, section 10: who can't see what changes must not go on as if nothing did.</summary>
public sealed class BlindTests
{
    [Fact]
    public async Task A_watch_of_the_management_cluster_that_ends_ends_the_process_and_it_does_not_pass_for_alive()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        using var api = cluster.Connect(Cluster.ControllerUserAgent, static inner => new NoMemory(inner), cluster.ControllerToken, null, null, null);
        using var controller = new FiveSpotController(api, new ControllerSettings { Clock = cluster.Clock }, NullLoggerFactory.Instance);
        using var stop = new CancellationTokenSource();

        await Should.ThrowAsync<OutOfMemoryException>(controller.RunAsync(stop.Token).WaitAsync(Wait.Deadline));
        controller.Dead.ShouldNotBeNull().ShouldContain("has ended");
    }

    private sealed class NoMemory(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
#pragma warning disable CA2201, MA0012 // As the runtime does.
            request.RequestUri!.AbsolutePath.EndsWith("/machines", StringComparison.Ordinal) ? throw new OutOfMemoryException() : base.SendAsync(request, cancellationToken);
#pragma warning restore CA2201, MA0012
    }
}
