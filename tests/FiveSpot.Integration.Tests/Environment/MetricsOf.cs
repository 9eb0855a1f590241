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
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var text = string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            _sums.AddOrUpdate((instrument.Name, text), value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    public long Sum(string name, string tag, string value) => _sums.GetValueOrDefault((name, $"{tag}={value}"));

    public void Dispose() => _listener.Dispose();
}
