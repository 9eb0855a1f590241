// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Net;

namespace FiveSpot.Kubernetes;

/// <summary>The instruments of this library; they cost nothing while nobody listens.</summary>
public static class RuntimeMetrics
{
    /// <summary>Name of the meter. Names of its instruments have no prefix: <see cref="MetricRegistry"/> gives them one.</summary>
    public const string MeterName = "FiveSpot.Kubernetes";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "api_requests", description: "Answers of API servers, by verb and code.");

    private static readonly Counter<long> EventsLost = Meter.CreateCounter<long>(
        "events_dropped", description: "Events that were not written: the queue was full, or the server refused.");

    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "workqueue_wait", "s", "From the moment a key was due to the start of its work.");

    internal static void Request(string verb, HttpStatusCode code)
    {
        if (Requests.Enabled)
        {
            Requests.Add(1, new("verb", verb), new("code", (int)code));
        }
    }

    internal static void EventDropped() => EventsLost.Add(1);

    internal static void QueueWait(TimeSpan wait)
    {
        if (Wait.Enabled)
        {
            Wait.Record(wait.TotalSeconds);
        }
    }
}
