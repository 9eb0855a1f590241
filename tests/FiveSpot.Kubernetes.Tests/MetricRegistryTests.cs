// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>What instruments measure, as Prometheus text.</summary>
public sealed class MetricRegistryTests : IDisposable
{
    private readonly Meter _meter;
    private readonly MetricRegistry _registry;

    public MetricRegistryTests()
    {
        _meter = new Meter("test", version: null, tags: null, scope: this);
        _registry = new MetricRegistry(meter => ReferenceEquals(meter.Scope, this));
    }

    public void Dispose()
    {
        _registry.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Counters_add_up_by_their_labels()
    {
        var counter = _meter.CreateCounter<long>("fivespot_things_total", description: "Things,\nby \"kind\" and \\.");
        counter.Add(2, new("kind", "a"), new("good", true));
        counter.Add(3, new("kind", "a"), new("good", true));
        counter.Add(1, new("kind", "b"), new("good", null));
        _registry.Render().ShouldBe(
            """
            # HELP fivespot_things_total Things,\nby "kind" and \\.
            # TYPE fivespot_things_total counter
            fivespot_things_total{kind="a",good="true"} 5
            fivespot_things_total{kind="b",good=""} 1

            """);
    }

    [Fact]
    public void All_names_begin_with_the_prefix()
    {
        using var registry = new MetricRegistry(meter => ReferenceEquals(meter.Scope, this), "fivespot_");
        _meter.CreateGauge<int>("depth").Record(1);
        _meter.CreateGauge<int>("fivespot_others").Record(2);
        registry.Render().ShouldBe(
            """
            # TYPE fivespot_depth gauge
            fivespot_depth 1
            # TYPE fivespot_others gauge
            fivespot_others 2

            """);
    }

    [Fact]
    public void Names_become_those_of_Prometheus_and_labels_are_escaped()
    {
        _meter.CreateCounter<int>("kubernetes.client.requests").Add(1, new KeyValuePair<string, object?>("http.code", "a\"b\\c\nd"));
        _meter.CreateGauge<double>("9lives", "s").Record(0.1 + 0.2);
        _meter.CreateCounter<double>("sent_bytes_total", "By").Add(double.PositiveInfinity);
        _registry.Render().ShouldBe(
            """
            # TYPE _9lives_seconds gauge
            _9lives_seconds 0.30000000000000004
            # TYPE kubernetes_client_requests_total counter
            kubernetes_client_requests_total{http_code="a\"b\\c d"} 1
            # TYPE sent_bytes_total counter
            sent_bytes_total +Inf

            """);
    }

    [Fact]
    public void Gauges_keep_the_last_value_and_up_down_counters_the_sum()
    {
        var gauge = _meter.CreateGauge<long>("gauge");
        var upDown = _meter.CreateUpDownCounter<long>("up_down");
        gauge.Record(7);
        gauge.Record(3);
        upDown.Add(7);
        upDown.Add(-3);
        _registry.Render().ShouldBe("# TYPE gauge gauge\ngauge 3\n# TYPE up_down gauge\nup_down 4\n");
    }

    [Fact]
    public void What_is_observed_is_asked_for_each_time()
    {
        var value = 0L;
        _meter.CreateObservableGauge("observed", () => ++value);
        _meter.CreateObservableCounter("counted", () => value * 10);
        _registry.Render().ShouldContain("observed 1\n");
        _registry.Render().ShouldBe("# TYPE counted_total counter\ncounted_total 20\n# TYPE observed gauge\nobserved 2\n");
    }

    [Fact]
    public void Histograms_count_what_is_at_most_each_bound()
    {
        var histogram = _meter.CreateHistogram(
            "lag_seconds", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in (double[])[0.05, 0.1, 0.5, 7])
        {
            histogram.Record(value, new KeyValuePair<string, object?>("phase", "x"));
        }

        _registry.Render().ShouldBe(
            """
            # TYPE lag_seconds histogram
            lag_seconds_bucket{phase="x",le="0.1"} 2
            lag_seconds_bucket{phase="x",le="1"} 3
            lag_seconds_bucket{phase="x",le="+Inf"} 4
            lag_seconds_sum{phase="x"} 7.65
            lag_seconds_count{phase="x"} 4

            """);
    }

    [Fact]
    public void A_histogram_without_advice_has_bounds_for_seconds()
    {
        _meter.CreateHistogram<double>("lag", "s").Record(0.3);
        var text = _registry.Render();
        text.ShouldContain("lag_seconds_bucket{le=\"0.25\"} 0\n");
        text.ShouldContain("lag_seconds_bucket{le=\"0.5\"} 1\n");
        text.ShouldContain("lag_seconds_bucket{le=\"10\"} 1\n");
    }

    [Fact]
    public void Instruments_of_one_name_share_their_series_and_meters_that_were_not_asked_for_are_not_heard()
    {
        using var other = new Meter("test", version: null, tags: null, scope: this);
        using var foreign = new Meter("test");
        _meter.CreateCounter<long>("n").Add(1);
        other.CreateCounter<long>("n").Add(1);
        foreign.CreateCounter<long>("n").Add(1);
        _registry.Render().ShouldBe("# TYPE n_total counter\nn_total 2\n");
    }

    [Fact]
    public void What_was_never_measured_is_shown_without_a_value()
    {
        _meter.CreateCounter<long>("n", description: "Things.");
        _registry.Render().ShouldBe("# HELP n_total Things.\n# TYPE n_total counter\n");
    }

    [Fact]
    public async Task Many_threads_measure_at_once()
    {
        var counter = _meter.CreateCounter<long>("n");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() =>
        {
            for (var j = 0; j < 5_000; j++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("thread", i % 2));
            }
        })));
        _registry.Render().ShouldContain("n_total{thread=\"0\"} 10000\nn_total{thread=\"1\"} 10000\n");
    }
}
