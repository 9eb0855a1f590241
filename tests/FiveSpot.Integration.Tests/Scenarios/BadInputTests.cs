// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Whatever a person can apply: refused at admission with a sentence, and if it is in the store all the same, phase Error
/// with that sentence, and everybody else on time.
/// </summary>
public abstract class BadInputTests(ServerKind kind)
{
    public sealed class OnEmbedded() : BadInputTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : BadInputTests(ServerKind.KubeApiServer);

    /// <summary>A field of the spec, a bad value, and words of the sentence that says what is wrong.</summary>
    public static TheoryData<string, string, string> BadFields => new()
    {
        { "schedule", """{"daysOfWeek":["someday"]}""", "mon" },
        { "schedule", """{"hoursOfDay":["9-25"]}""", "23" },
        { "schedule", """{"daysOfWeek":[],"hoursOfDay":[]}""", "both" },
        { "gracefulShutdownTimeout", "\"5 minutes\"", "5m" },
        { "nodeDrainTimeout", "\"25h\"", "24h" },
        { "clusterName", "\"a\\nb\"", "clusterName" },
        { "priority", "256", "255" },
        { "machineTemplate", """{"labels":{"cluster.x-k8s.io/cluster-name":"x"}}""", "cluster.x-k8s.io" },
        { "machineTemplate", """{"annotations":{"5spot.finos.org/scheduled-by":"me"}}""", "5spot.finos.org" },
        { "bootstrapSpec", """{"apiVersion":"v1","kind":"Pod","spec":{}}""", "bootstrap.cluster.x-k8s.io" },
        { "bootstrapSpec", """{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"\u001b[2JK0sWorkerConfig\u202e","spec":{}}""", "not a kind" },
        { "infrastructureSpec", """{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}""", "infrastructure.cluster.x-k8s.io" },
        { "nodeTaints", """[{"key":"node.kubernetes.io/x","effect":"NoSchedule"}]""", "node.kubernetes.io" },
        { "nodeTaints", """[{"key":"a","effect":"NoSchedule"},{"key":"a","value":"b","effect":"NoSchedule"}]""", "effect" },
        { "killIfCommands", """[""]""", "killIfCommands" },
    };

    // What a schema can say by itself; the rest is rules in CEL, which old servers do not evaluate.
    private static readonly string[] RefusedBySchema = ["priority", "killIfCommands"];

    [Theory]
    [MemberData(nameof(BadFields))]
    public async Task Admission_refuses_it_with_a_sentence(string field, string value, string words)
    {
        await using var cluster = await Cluster.StartAsync(kind);
        Assert.SkipUnless(cluster.EvaluatesRules || RefusedBySchema.Contains(field), "this kube-apiserver is older than 1.25 and ignores the CEL rules of a CRD");

        var refusal = await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync(Kinds.ScheduledMachine, Bad(field, value)));

        refusal.Code.ShouldBe(422);
        refusal.Message.ShouldContain($"spec.{field}");
        refusal.Message.ShouldContain(words);
        (await cluster.ListAsync(Kinds.ScheduledMachine)).ShouldBeEmpty();
    }

    [Fact]
    public async Task In_the_store_all_the_same_each_is_an_error_and_the_others_are_on_time()
    {
        await using var cluster = await Cluster.StartAsync(kind, Definitions.WithoutRules);
        var bad = BadFields.Select((row, i) => (Name: $"bad-{i}", row.Data)).ToList();
        foreach (var (name, (field, value, _)) in bad)
        {
            await cluster.CreateAsync(Kinds.ScheduledMachine, Bad(field, value, name));
        }

        await cluster.ScheduleAsync("zone-1", schedule: """{"daysOfWeek":["mon"],"timezone":"Europe/Zürich"}""");
        await cluster.ScheduleAsync("huge-1", schedule: $$"""{"daysOfWeek":[{{string.Join(',', Enumerable.Repeat("\"mon\"", 100_000))}}]}""");
        await cluster.ScheduleAsync("typed-1", schedule: """{"daysOfWeek":"mon"}""");
        await cluster.ScheduleAsync("pc-1");
        await using var controller = await RunningController.StartAsync(cluster);

        foreach (var (name, (field, _, words)) in bad)
        {
            await cluster.PhaseAsync("Error", name, status => status.Message!.Contains(field, StringComparison.Ordinal)
                && status.Message.Contains(words, StringComparison.Ordinal));
        }

        await cluster.PhaseAsync("Error", "zone-1", status => status.Message!.Contains("Europe/Z", StringComparison.Ordinal));
        await cluster.PhaseAsync("Error", "huge-1");
        await cluster.PhaseAsync("Error", "typed-1");
        await cluster.PhaseAsync("Inactive");
        await controller.SettleAsync(cluster);
        cluster.Calls.ShouldNotContain(call => call.Path.Contains("/apps/", StringComparison.Ordinal) || call.Path == "/api/v1/pods", "what a template may not name is not even looked for");
        var before = cluster.Calls.Count;

        // No tight loop, and nothing is asked for on their behalf.
        cluster.MoveTo(Scenario.Opening.AddMilliseconds(-1));
        await controller.SettleAsync(cluster);
        cluster.Calls.Count.ShouldBe(before);

        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active");
        await controller.SettleAsync(cluster);
        cluster.Writes.Where(call => call.Verb == "create").Count().ShouldBe(3);
        (await cluster.ListAsync(cluster.MachineKind)).Count.ShouldBe(1);
        cluster.Writes.Where(call => !call.Path.EndsWith("/status", StringComparison.Ordinal)).ShouldAllBe(call => call.At == Scenario.Opening || call.Path.EndsWith("/scheduledmachines/pc-1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mended_it_recovers_by_itself()
    {
        await using var cluster = await Cluster.StartAsync(kind, Definitions.WithoutRules);
        await cluster.ScheduleAsync(extraSpec: ",\"gracefulShutdownTimeout\":\"5 minutes\"");
        await using var controller = await RunningController.StartAsync(cluster);
        await cluster.PhaseAsync("Error");

        await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"gracefulShutdownTimeout":"5m"}}""");
        await cluster.PhaseAsync("Inactive");
    }

    [Fact]
    public async Task A_kind_that_the_server_does_not_know_is_an_error_until_its_provider_is_installed()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        var definition = (await scenario.Cluster.GetAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io"))!;
        await scenario.Cluster.DeleteAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io");
        await Wait.UntilAsync("the kind is gone", async () =>
            await scenario.Cluster.GetAsync(Kinds.Crd, "remotemachines.infrastructure.cluster.x-k8s.io") is null);
        await scenario.Cluster.ScheduleAsync();
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Error", also: status => status.Message!.Contains(
            "spec.infrastructureSpec: the API server serves no namespaced kind RemoteMachine in infrastructure.cluster.x-k8s.io/v1beta1", StringComparison.Ordinal));
        (await scenario.Cluster.ListAsync(Kinds.Bootstrap)).ShouldBeEmpty("nothing is half done");

        await scenario.Cluster.InstallAsync(Definitions.Fresh(definition));
        await Wait.UntilAsync("it recovers by itself", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(30));
            return (await scenario.Cluster.StatusAsync()).Phase == "Active";
        });
    }

    private static JsonObject Bad(string field, string value, string name = "bad-1")
    {
        var machine = Cluster.ScheduledMachineJson(name);
        machine["spec"]!.AsObject()[field] = JsonNode.Parse(value);
        return machine;
    }
}
