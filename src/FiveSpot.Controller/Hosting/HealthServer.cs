// SPDX-License-Identifier: Apache-2.0

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.Controller.Hosting;

/// <summary>Answers the kubelet's probes.</summary>
public static class HealthServer
{
    /// <summary>Starts listening.</summary>
    /// <param name="address">Where.</param>
    /// <param name="port">The port; 0 for no server at all.</param>
    /// <param name="isReady">Whether machines are being worked on.</param>
    /// <returns>What stops it.</returns>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<IAsyncDisposable?> StartAsync(IPAddress address, int port, Func<bool> isReady)
    {
        if (port == 0)
        {
            return null;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address, port);
        });
        var server = builder.Build();
        server.Run(context =>
        {
            var (status, text) = context.Request.Path.Value switch
            {
                "/healthz" or "/health" or "/livez" => (StatusCodes.Status200OK, "ok\n"),
                "/readyz" or "/ready" => isReady()
                    ? (StatusCodes.Status200OK, "ok\n")
                    : (StatusCodes.Status503ServiceUnavailable, "not ready: the caches are being filled\n"),
                _ => (StatusCodes.Status404NotFound, "/healthz and /readyz are here\n"),
            };
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(text);
        });
        await server.StartAsync();
        return server;
    }
}
