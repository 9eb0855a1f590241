// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Kubernetes;

/// <summary>The spans of this library: one for each call of an API server, watches apart. Without a listener there is none.
/// </summary>
public static class RuntimeTraces
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "FiveSpot.Kubernetes";

    private const string StatusCode = "http.response.status_code";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether somebody records spans.</summary>
    internal static bool AreRecorded => Source.HasListeners();

    /// <summary>Begins the span of a call; null if nobody wants it.</summary>
    internal static Activity? Begin(in Operation operation, ClusterConnection connection)
    {
        var what = operation.Type is { } type ? type.QualifiedName : operation.Detail;
        var span = Source.StartActivity(
            operation.Type is not null && operation.Detail is { } subresource ? $"{operation.Verb} {what}/{subresource}" : $"{operation.Verb} {what}",
            ActivityKind.Client);
        span?.SetTag("server.address", connection.Server.Host);
        span?.SetTag("server.port", connection.Server.Port);
        if (!string.IsNullOrEmpty(operation.Key.Namespace))
        {
            span?.SetTag("k8s.namespace.name", operation.Key.Namespace);
        }

        if (!string.IsNullOrEmpty(operation.Key.Name))
        {
            span?.SetTag("k8s.object.name", operation.Key.Name);
        }

        return span;
    }

    /// <summary>Notes what became of a call.</summary>
    internal static void End(Activity? span, Exception? exception)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag(StatusCode, exception switch
        {
            null => 200,
            ApiException refused => refused.Code,
            _ => null,
        });
        if (exception is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, exception.Message);
            span.SetTag("error.type", exception is ApiException { Reason: { Length: > 0 } reason } ? reason : exception.GetType().Name);
        }
    }
}
