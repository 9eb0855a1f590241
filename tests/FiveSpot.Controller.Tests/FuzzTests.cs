// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Fuzzing;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Scheduling;

namespace FiveSpot.Controller.Tests;

/// <summary>What others write and the controller reads. An answer that can't be decoded may fail as the client expects it, and in no other way.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const string Metadata = """
        "metadata":{"name":"pc-1","namespace":"default","uid":"u","resourceVersion":"7","generation":2,"creationTimestamp":"2026-01-05T09:00:00Z","deletionTimestamp":"2026-01-05T09:00:00Z",
        "labels":{"a":"b"},"annotations":{"5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-requested-at":"2026-01-05T09:00:00Z","5spot.finos.org/applied-taints":"[{\"key\":\"a\",\"effect\":\"NoSchedule\"}]"},
        "finalizers":["f"],"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"o","controller":true}]}
        """;

    private static readonly string[] Fields =
    [
        "\"metadata\":", "\"spec\":", "\"status\":", "\"name\":", "\"labels\":", "\"taints\":", "\"conditions\":", "\"providerID\":", "\"unschedulable\":", "\"kind\":", "\"apiVersion\":",
        "\"deletionTimestamp\":", "\"2026-13-05T09:00:00Z\"", "\"5m0s\"", "\"\"", "\"NoExecute\"",
    ];

    [Fact]
    public void Nodes() => Feed(NodeReader.Read, $$"""
        {"apiVersion":"v1","kind":"Node",{{Metadata}},"spec":{"providerID":"remote://pc-1","unschedulable":true,"taints":[{"key":"a","value":"b","effect":"NoSchedule","timeAdded":"2026-01-05T09:00:00Z"}]},
        "status":{"nodeInfo":{"machineID":"m","kubeletVersion":"v1.33.0"},"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-05T09:00:00Z"}],"images":[{"names":["x"]}]} }
        """);

    [Fact]
    public void Pods() => Feed(PodReader.Read, $$"""
        {"apiVersion":"v1","kind":"Pod",{{Metadata}},"spec":{"nodeName":"pc-1","terminationGracePeriodSeconds":30,"volumes":[{"emptyDir":{} }],"priority":1000},"status":{"phase":"Running"} }
        """);

    [Fact]
    public void Machines() => Feed(static json => MachineReader.Read(json, "cluster.x-k8s.io/v1beta2"), $$"""
        {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine",{{Metadata}},"spec":{"clusterName":"c","providerID":"p","bootstrap":{"configRef":{"apiGroup":"g","kind":"K","name":"n"},"dataSecretName":"d"},
        "infrastructureRef":{"apiVersion":"g/v1","kind":"K","name":"n"},"deletion":{"nodeDrainTimeoutSeconds":300},"nodeDrainTimeout":"5m0s"},
        "status":{"nodeRef":{"name":"pc-1","uid":"u"},"phase":"Running","failureReason":"f","failureMessage":"m","conditions":[{"type":"Ready","status":"True","reason":"r","message":"m"}],"v1beta2":{"conditions":[]} } }
        """);

    [Fact]
    public void Clusters() => Feed(static json => ClusterReader.Read(json, "cluster.x-k8s.io/v1beta2"), $$"""
        {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster",{{Metadata}},"spec":{"paused":true,"infrastructureRef":{"apiGroup":"g","kind":"K","name":"n"},"controlPlaneRef":{"apiGroup":"g","kind":"K","name":"n"} } }
        """);

    [Fact]
    public void Drain_rules() => Feed(MachineDrainRuleReader.Read, $$"""
        {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"MachineDrainRule",{{Metadata}},"spec":{"drain":{"behavior":"Drain","order":5},
        "machines":[{"selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]},"clusterSelector":{} }],"pods":[{"selector":{"matchLabels":{"a":"b"} },"namespaceSelector":{} }]} }
        """);

    [Fact]
    public void Scheduled_machines() => Feed(ScheduledMachineReader.Read, $$$"""
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine",{{{Metadata}}},"spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"timezone":"Europe/Zurich","enabled":true},
        "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K","spec":{"a":[1]},"metadata":{"labels":{"a":"b"} } },"infrastructureSpec":{"apiVersion":"k0smotron.io/v1beta1","kind":"RemoteMachine","spec":{"address":"192.0.2.1"}},
        "machineTemplate":{"labels":{"a":"b"},"version":"v1"},"kubeconfigSecretRef":{"name":"n"},"priority":50,"gracefulShutdownTimeout":"5m","nodeDrainTimeout":"300s","killSwitch":false,"killIfCommands":["java"],
        "nodeTaints":[{"key":"a","effect":"NoSchedule"}],"computer":"c"},"status":{"phase":"Active","conditions":[{"type":"Ready","status":"True","reason":"r","message":"m","lastTransitionTime":"2026-01-05T09:00:00Z"}]}}
        """);

    [Fact]
    public void Go_durations() => Tell(Fuzz.Feed(
        ["5m0s", "1h30m", "1.5s", "300ms", "1µs2ns", "0"],
        ["h", "m", "s", "ms", "us", "µs", "μs", "ns", ".", "-", "+", "999999999999"],
        static input =>
        {
            if (GoDuration.Parse(Encoding.UTF8.GetString(input)) is { } duration)
            {
                duration.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
            }
        }));

    [Fact]
    public void Days_and_hours() => Tell(Fuzz.Feed(
        ["mon-fri|9-17|UTC", "fri-mon,wed|22-6|Europe/Zurich", "sun|0,1,2-5|America/Argentina/Buenos_Aires", "|0-23|UTC"],
        ["mon", "tue", "-", ",", "|", "24", "00", "Mon", "monday", "../", "Etc/GMT+12"],
        static input =>
        {
            var parts = Encoding.UTF8.GetString(input).Split('|', 3);
            var isThere = WeeklySchedule.TryParse([parts[0]], parts.Length > 1 ? [parts[1]] : [], parts.Length > 2 ? parts[2] : "UTC", out var schedule, out var errors);
            isThere.ShouldBe(errors.Count == 0);
            if (schedule is not null)
            {
                var at = NodaTime.Instant.FromUtc(2026, 3, 29, 0, 30);
                schedule.NextChange(at)?.ShouldBeGreaterThan(at);
            }
        }));

    private void Feed<T>(DecodeObject<T> read, string right) => Tell(Fuzz.Feed([right], Fields, input =>
    {
        try
        {
            _ = read(input);
        }
        catch (Exception expected) when (expected is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            // In words, by the client.
        }
    }));

    private void Tell(long inputs) => output.WriteLine($"{inputs} inputs");
}
