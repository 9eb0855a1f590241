// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 5: a call that keeps failing costs a machine at most ten requests a minute. Of a machine with thirty Pods
/// it is the evictions together that do.
/// </summary>
public abstract class FailingEvictionTests(ServerKind kind)
{
    private const int Pods = 30;

    public sealed class OnEmbedded() : FailingEvictionTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : FailingEvictionTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("a webhook that is down", 500, "InternalError")]
    [InlineData("a policy", 403, "Forbidden")]
    [InlineData("a path that is not served", 404, "")]
    [InlineData("an overload", 429, "")]
    [InlineData("no answer", null, "")]
    public async Task Evictions_that_fail_cost_ten_requests_a_minute_whatever_the_number_of_pods(string what, int? code, string reason)
    {
        await using var scenario = await WithPodsAsync();
        await scenario.CloseAsync();
        scenario.Cluster.Traffic.Disturb = Answering("/eviction", "create", code, reason);
        await scenario.DrainAsync();
        await scenario.PassAsync(TimeSpan.FromMinutes(3));

        var asked = scenario.Evictions;
        asked.Count.ShouldBeGreaterThan(5, what);
        AMinute(scenario, call => call.Path.EndsWith("/eviction", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(10, what);
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("Draining: 30 pods left, ");
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("can't be evicted: ");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        // Mended, one that is accepted is enough for all.
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromSeconds(31), "they are told to end", async () => await EndingAsync(scenario) == Pods);
        scenario.Evictions.Count.ShouldBe(asked.Count + Pods);
    }

    [Fact]
    public async Task Deletions_that_fail_cost_ten_requests_a_minute_and_keep_the_owner_no_longer_than_that()
    {
        await using var scenario = await WithPodsAsync();
        scenario.Cluster.Traffic.Disturb = Answering("/pods/", "delete", 500, "InternalError");
        var began = scenario.Cluster.Clock.GetUtcNow();
        await scenario.ReclaimAsync();
        await Wait.UntilAsync("they are to be deleted", () => scenario.Cluster.Calls.Any(call => call.Verb == "delete" && call.Path.Contains("/pods/", StringComparison.Ordinal)));
        await scenario.PassAsync(TimeSpan.FromSeconds(59));
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("Draining: 30 pods left, ");
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("can't be deleted: ");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        AMinute(scenario, call => call.Verb == "delete" && call.Path.Contains("/pods/", StringComparison.Ordinal)).ShouldBeInRange(5, 10);

        scenario.Cluster.MoveTo(began.AddSeconds(61));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
    }

    [Fact]
    public async Task A_page_that_says_404_is_no_pod_that_is_gone()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call.Path.EndsWith("/eviction", StringComparison.Ordinal)
            ? new ControllerTraffic.Fault(404) { Body = "<html><title>Not here</title></html>" }
            : null;
        await scenario.DrainAsync();
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it says what is wrong", async () =>
            (await scenario.Cluster.StatusAsync()).Message!.Contains("web-1 can't be evicted: ", StringComparison.Ordinal));
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromMinutes(1), "it is told to end", () => scenario.Pods.IsEndingAsync("web-1"));
    }

    [Fact]
    public async Task A_budget_that_allows_nothing_is_asked_for_one_of_its_pods_each_five_seconds()
    {
        await using var scenario = await WithPodsAsync(",\"labels\":{\"app\":\"web\"}");
        await scenario.BudgetAsync("web", $"\"minAvailable\":{Pods}");
        await scenario.CloseAsync();
        await scenario.DrainAsync();
        await scenario.PassAsync(TimeSpan.FromMinutes(1));
        scenario.Evictions.Count.ShouldBeInRange(Pods, Pods + 16, "each once, and then one for all");
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("Draining: 30 pods left, ");
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("blocked by budget web");

        await scenario.Workload.DeleteAsync(Kinds.Budget(scenario.Workload), "web");
        await scenario.WithinAsync(TimeSpan.FromSeconds(6), "they are told to end", async () => await EndingAsync(scenario) == Pods);
    }

    [Fact]
    public async Task A_Machine_that_can_not_be_deleted_has_its_pods_watched_over_and_over_by_nobody()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        var before = scenario.Cluster.Calls.Count;
        scenario.Cluster.Traffic.Disturb = (call, stage) =>
            stage == ControllerTraffic.Stage.Before && call.Verb is "patch" or "delete" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal)
                ? new ControllerTraffic.Fault(500, "InternalError", "the webhook is down")
                : null;
        await scenario.Pods.KillAsync("web-1");
        await Wait.UntilAsync("the deletion was tried", () => scenario.Cluster.Calls.Skip(before).Any(call => call.Verb is "patch" or "delete" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal)));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Skip(before).Count(call => call.Path.EndsWith("/pods", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(10);
    }

    private async Task<WorkloadScenario> WithPodsAsync(string metadata = "")
    {
        var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        try
        {
            foreach (var i in Enumerable.Range(0, Pods))
            {
                await scenario.Pods.RunAsync($"web-{i:00}", metadata: metadata);
            }

            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    private static Func<ControllerTraffic.Call, ControllerTraffic.Stage, ControllerTraffic.Fault?> Answering(string path, string verb, int? code, string reason) =>
        (call, stage) => stage != ControllerTraffic.Stage.Before || call.Verb != verb || !call.Path.Contains(path, StringComparison.Ordinal) ? null
            : code is null ? ControllerTraffic.Fault.Abort
            : reason.Length > 0 ? new ControllerTraffic.Fault(code, reason, "not now")
            : new ControllerTraffic.Fault(code) { Body = "not what you think" };

    private static async Task<int> EndingAsync(WorkloadScenario scenario) =>
        (await scenario.Workload.ListAsync(Kinds.Pod)).Count(pod => pod["metadata"]!["deletionTimestamp"] is not null);

    /// <summary>The most requests of a kind within a minute.</summary>
    private static int AMinute(WorkloadScenario scenario, Predicate<ControllerTraffic.Call> which)
    {
        var times = scenario.Cluster.Calls.Where(call => which(call)).Select(call => call.At).ToList();
        return times.Max(first => times.Count(at => at >= first && at < first.AddMinutes(1)));
    }
}
