// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace FiveSpot.Kubernetes;

/// <summary>Gathers what the instruments of some meters measure, and renders it as Prometheus text (0.0.4).</summary>
/// <remarks>
/// Names become those of Prometheus: what it doesn't allow in them turns into <c>_</c>, seconds and bytes are named as
/// <c>_seconds</c> and <c>_bytes</c>, counters end with <c>_total</c>. Instruments of one name share their series. Of the
/// kinds of numbers there are <c>int</c>, <c>long</c> and <c>double</c>. Histograms have the bounds that their instrument
/// advises, else those that suit seconds. What was measured before the registry was made is not known to it.
/// </remarks>
public sealed class MetricRegistry : IDisposable
{
    /// <summary>The media type of <see cref="Render"/>.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    /// <summary>Listens from now on.</summary>
    /// <param name="includes">Says which meters.</param>
    /// <param name="prefix">What all names begin with; put before those that do not.</param>
    public MetricRegistry(Func<Meter, bool> includes, string prefix = "")
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (includes(instrument.Meter))
            {
                var family = new MetricFamily(instrument, prefix);
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>All that is known now, in order of name.</summary>
    public string Render()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(4096);
        foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            family.WriteTo(text);
        }

        return text.ToString();
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();
}
