// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace FiveSpot.Kubernetes;

/// <summary>All series of one name, as instruments of it have measured them.</summary>
internal sealed class MetricFamily
{
    // In seconds: from what a healthy call takes to what makes a person wonder.
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private const int LongestLabel = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Kind _kind;
    private readonly string _help;
    private readonly double[] _bounds = [];

    public MetricFamily(Instrument instrument, string prefix)
    {
        _kind = instrument switch
        {
            Histogram<double> or Histogram<long> or Histogram<int> => Kind.Histogram,
            Counter<double> or Counter<long> or Counter<int> => Kind.Counter,
            ObservableCounter<double> or ObservableCounter<long> or ObservableCounter<int> => Kind.ObservedCounter,
            UpDownCounter<double> or UpDownCounter<long> or UpDownCounter<int> => Kind.UpDownCounter,
            _ => Kind.Gauge,
        };
        _bounds = _kind == Kind.Histogram ? BoundsOf(instrument) : [];
        _help = instrument.Description ?? "";
        Name = NameOf(instrument, prefix, isCounter: _kind is Kind.Counter or Kind.ObservedCounter);
    }

    private enum Kind
    {
        Counter,
        ObservedCounter,
        UpDownCounter,
        Gauge,
        Histogram,
    }

    /// <summary>The name in the exposition.</summary>
    public string Name { get; }

    /// <summary>Takes a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = tags.IsEmpty ? "" : LabelsOf(tags);
        lock (_lock)
        {
            if (!_series.TryGetValue(labels, out var series))
            {
                series = new Series(_bounds.Length);
                _series.Add(labels, series);
            }

            switch (_kind)
            {
                case Kind.Counter or Kind.UpDownCounter:
                    series.Value += value;
                    break;
                case Kind.Histogram:
                    series.Value += value;
                    series.Count++;
                    var bucket = Array.FindIndex(_bounds, bound => value <= bound);
                    if (bucket >= 0)
                    {
                        series.Buckets[bucket]++;
                    }

                    break;
                default:
                    series.Value = value;
                    break;
            }
        }
    }

    /// <summary>Writes the family; if nothing was measured, what it is about, so that it can be found before it is needed.</summary>
    public void WriteTo(StringBuilder text)
    {
        lock (_lock)
        {
            if (_help.Length > 0)
            {
                text.Append("# HELP ").Append(Name).Append(' ').Append(Escape(_help, quotes: false)).Append('\n');
            }

            var type = _kind switch
            {
                Kind.Counter or Kind.ObservedCounter => "counter",
                Kind.Histogram => "histogram",
                _ => "gauge",
            };
            text.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
            foreach (var (labels, series) in _series.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (_kind == Kind.Histogram)
                {
                    WriteHistogram(text, labels, series);
                }
                else
                {
                    WriteLine(text, "", labels, series.Value);
                }
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var separator = labels.Length > 0 ? "," : "";
        long below = 0;
        for (var i = 0; i < _bounds.Length; i++)
        {
            below += series.Buckets[i];
            WriteLine(text, "_bucket", $"{labels}{separator}le=\"{Number(_bounds[i])}\"", below);
        }

        WriteLine(text, "_bucket", $"{labels}{separator}le=\"+Inf\"", series.Count);
        WriteLine(text, "_sum", labels, series.Value);
        WriteLine(text, "_count", labels, series.Count);
    }

    private void WriteLine(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static double[] BoundsOf(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries?.ToArray(),
            Histogram<long> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
            Histogram<int> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
            _ => null,
        };
        return advised ?? DefaultBounds;
    }

    // Units and "total" go into the name, as Prometheus has it, unless they are there.
    private static string NameOf(Instrument instrument, string prefix, bool isCounter)
    {
        var name = Sanitize(instrument.Name.StartsWith(prefix, StringComparison.Ordinal) ? instrument.Name : prefix + instrument.Name, colons: true);
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        var bare = isCounter && name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;
        if (!bare.EndsWith(unit, StringComparison.Ordinal))
        {
            bare += unit;
        }

        return isCounter ? bare + "_total" : bare;
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            var word = value switch
            {
                null => "",
                bool truth => truth ? "true" : "false",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            };
            text.Append(text.Length > 0 ? "," : "").Append(Sanitize(key, colons: false)).Append("=\"").Append(Escape(ForeignText.Line(word, LongestLabel), quotes: true)).Append('"');
        }

        return text.ToString();
    }

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Sanitize(string name, bool colons) => string.Create(
        name.Length + (name.Length == 0 || char.IsAsciiDigit(name[0]) ? 1 : 0),
        (name, colons),
        static (span, from) =>
        {
            span[0] = '_';
            var target = span[(span.Length - from.name.Length)..];
            for (var i = 0; i < from.name.Length; i++)
            {
                var character = from.name[i];
                target[i] = char.IsAsciiLetterOrDigit(character) || (character == ':' && from.colons) ? character : '_';
            }
        });

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private sealed class Series(int buckets)
    {
        public double Value { get; set; }

        public long Count { get; set; }

        public long[] Buckets { get; } = new long[buckets];
    }
}
