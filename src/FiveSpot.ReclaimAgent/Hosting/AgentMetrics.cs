// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>What an agent measures of itself. Its meter's scope is the agent: there may be several in a process.</summary>
internal sealed class AgentMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _matches;
    private readonly Counter<long> _sweeps;
    private readonly Counter<long> _eventsLost;
    private readonly Counter<long> _configErrors;
    private readonly Counter<long> _writes;
    private double _lastSweep;

    public AgentMetrics(object agent)
    {
        _meter = new Meter(FiveSpotReclaimAgent.MeterName, version: null, tags: null, scope: agent);
        _matches = _meter.CreateCounter<long>(
            "fivespot_reclaim_matches_total", description: "Processes that matched, by how they were noticed: event, poll or sweep.");
        _sweeps = _meter.CreateCounter<long>("fivespot_reclaim_sweeps_total", description: "Times that every process was examined.");
        _eventsLost = _meter.CreateCounter<long>(
            "fivespot_reclaim_events_lost_total", description: "Times that the kernel had to drop events; a sweep makes up for it.");
        _configErrors = _meter.CreateCounter<long>(
            "fivespot_reclaim_config_errors_total", description: "Versions of reclaim.toml that could not be used.");
        _writes = _meter.CreateCounter<long>(
            "fivespot_reclaim_writes_total",
            description: "Attempts to request the reclaim on the Node, by result: written, already, wrong_host, conflict or failed.");
        _meter.CreateObservableGauge(
            "fivespot_reclaim_last_sweep_duration_seconds", () => Volatile.Read(ref _lastSweep), "s", "How long the last sweep took.");
        _meter.CreateObservableGauge<long>(
            "fivespot_reclaim_detector",
            () =>
            [
                new(Detector == DetectorKind.Netlink ? 1 : 0, new KeyValuePair<string, object?>("detector", "netlink")),
                new(Detector == DetectorKind.Poll ? 1 : 0, new KeyValuePair<string, object?>("detector", "poll")),
            ],
            description: "1 for the detector in use.");

        // What has not happened yet is a number too: 0.
        foreach (var noticedBy in (string[])["event", "poll", "sweep"])
        {
            _matches.Add(0, new KeyValuePair<string, object?>("noticed_by", noticedBy));
        }

        _sweeps.Add(0);
        _eventsLost.Add(0);
        _configErrors.Add(0);
    }

    /// <summary>The detector in use; <see cref="DetectorKind.Auto"/> until it is known.</summary>
    public DetectorKind Detector { get; set; }

    public void Matched(string noticedBy) => _matches.Add(1, new KeyValuePair<string, object?>("noticed_by", noticedBy));

    public void Swept(TimeSpan duration)
    {
        Volatile.Write(ref _lastSweep, duration.TotalSeconds);
        _sweeps.Add(1);
    }

    public void EventsLost() => _eventsLost.Add(1);

    public void ConfigBroken() => _configErrors.Add(1);

    public void Write(string result) => _writes.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Dispose() => _meter.Dispose();
}
