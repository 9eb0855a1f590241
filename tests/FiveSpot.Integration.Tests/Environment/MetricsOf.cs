// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What the counters of a meter have come to since this began to listen.</summary>
internal sealed class MetricsOf : IDisposable
{
    private readonly ConcurrentDictionary<(string Name, string Tags), long> _sums = new();
    private readonly MeterListener _listener = new();

    public MetricsOf(string meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        // Of a histogram, how many measurements there were.
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();

        void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            _sums.AddOrUpdate((instrument.Name, text), value, (_, sum) => sum + value);
        }
    }

    public long Sum(string name, string tag, string value) => Sum(name, $"{tag}={value}");

    public long Sum(string name, string tags) => _sums.GetValueOrDefault((name, tags));

    public void Dispose() => _listener.Dispose();
}
