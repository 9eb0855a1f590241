// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What <c>/metrics</c> shows, read as Prometheus reads it.</summary>
internal sealed partial class MetricsPage
{
    private readonly Dictionary<string, double> _samples;

    private MetricsPage(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Kinds = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToDictionary(words => words[2], words => words[3]);
        _samples = lines.Where(line => line[0] != '#').ToDictionary(
            line => Canonical(line[..line.LastIndexOf(' ')]),
            line => double.Parse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "∞", StringComparison.Ordinal), CultureInfo.InvariantCulture));
    }

    /// <summary>The kind of each metric, by its name.</summary>
    public IReadOnlyDictionary<string, string> Kinds { get; }

    /// <summary>All names that samples may have: those of metrics, and of a histogram its three.</summary>
    public IEnumerable<string> SampleNames => Kinds.SelectMany(kind => kind.Value == "histogram"
        ? (IEnumerable<string>)[$"{kind.Key}_bucket", $"{kind.Key}_sum", $"{kind.Key}_count"]
        : [kind.Key]);

    /// <summary>The samples, by name and labels: <c>name{a="1",b="2"}</c>, the labels in order of their names.</summary>
    public IReadOnlyDictionary<string, double> Samples => _samples;

    /// <summary>A sample; 0 if it is not there.</summary>
    public double this[string sample] => _samples.GetValueOrDefault(Canonical(sample));

    public static MetricsPage Parse(string text) => new(text);

    /// <summary>A registry such as the one of the executable.</summary>
    public static MetricRegistry NewRegistry() =>
        new(static meter => meter.Name is ControllerMetrics.MeterName or RuntimeMetrics.MeterName, "fivespot_");

    private static string Canonical(string sample)
    {
        var brace = sample.IndexOf('{', StringComparison.Ordinal);
        return brace < 0 ? sample : $"{sample[..brace]}{{{string.Join(',', Label().Matches(sample[brace..]).Select(label => label.Value).Order(StringComparer.Ordinal))}}}";
    }

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*=\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Label();
}
