// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Net;

namespace FiveSpot.Kubernetes;

/// <summary>The instruments of this library; they cost nothing while nobody listens.</summary>
internal static class RuntimeMetrics
{
    private static readonly Meter Meter = new("FiveSpot.Kubernetes");

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "kubernetes.client.requests", description: "Answers of API servers, by verb and code.");

    private static readonly Counter<long> EventsLost = Meter.CreateCounter<long>(
        "kubernetes.events.dropped", description: "Events that were not written: the queue was full, or the server refused.");

    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "kubernetes.workqueue.wait", "s", "From the moment a key was due to the start of its work.");

    public static void Request(string verb, HttpStatusCode code)
    {
        if (Requests.Enabled)
        {
            Requests.Add(1, new("verb", verb), new("code", (int)code));
        }
    }

    public static void EventDropped() => EventsLost.Add(1);

    public static void QueueWait(TimeSpan wait)
    {
        if (Wait.Enabled)
        {
            Wait.Record(wait.TotalSeconds);
        }
    }
}
