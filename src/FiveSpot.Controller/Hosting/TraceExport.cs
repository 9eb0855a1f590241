// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FiveSpot.Controller.Hosting;

/// <summary>
/// Sends spans to a collector by OTLP, where OpenTelemetry's own variables ask for it: one for each pass over a machine, with
/// one for each of its API calls in it. Nothing of it exists otherwise.
/// </summary>
internal sealed class TraceExport : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

    // A collector that is away must not keep a process from ending in time.
    private const int ShutdownMilliseconds = 500;

    private readonly TracerProvider _provider;

    private TraceExport(TracerProvider provider) => _provider = provider;

    /// <summary>Begins to send.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <returns>Sends what is left when it is disposed; null where nobody asked for spans.</returns>
    /// <exception cref="FormatException">An endpoint is no address; the message says what is allowed.</exception>
    public static TraceExport? Start(Func<string, string?> environment)
    {
        string? asked = null;
        foreach (var variable in (ReadOnlySpan<string>)[Endpoint, TracesEndpoint])
        {
            if (environment(variable) is { Length: > 0 } address)
            {
                asked = address;
                if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                {
                    throw new FormatException($"The environment variable {variable} is \"{address}\"; it takes the address of a collector, such as http://collector:4317.");
                }
            }
        }

        if (asked is null)
        {
            return null;
        }

        var builder = Sdk.CreateTracerProviderBuilder().AddSource(Reconciler.TraceSourceName, RuntimeTraces.SourceName).AddOtlpExporter();
        if (environment("OTEL_SERVICE_NAME") is null or "")
        {
            builder.ConfigureResource(static resource => resource.AddService("5spot", serviceVersion: FiveSpotController.ProductVersion));
        }

        return new TraceExport(builder.Build());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Shutdown(ShutdownMilliseconds);
        _provider.Dispose();
    }
}
