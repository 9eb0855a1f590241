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

    [Theory]
    [InlineData(null, null)]
    [InlineData("0", null)]
    [InlineData("1", null)]
    [InlineData("10", null)]
    [InlineData("2147483647", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("-5", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("Mon, 05 Jan 2026 18:10:00 GMT", null)]
    [InlineData("Thu, 01 Jan 1970 00:00:00 GMT", null)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", null)]
    [InlineData(null, "2147483647")]
    [InlineData(null, "-2147483648")]
    [InlineData(null, "9223372036854775807")]
    [InlineData(null, "\"soon\"")]
    public async Task All_evictions_are_refused_and_whatever_is_said_of_when_to_come_again_they_are_bounded_and_the_drain_ends_in_time(string? header, string? seconds)
    {
        await using var scenario = await WithPodsAsync();
        await scenario.CloseAsync();
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call.Path.EndsWith("/eviction", StringComparison.Ordinal)
            ? new ControllerTraffic.Fault(429)
            {
                Body = $$$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":429,"reason":"TooManyRequests","message":"not now","details":{"retryAfterSeconds":{{{seconds ?? "0"}}} } }""",
                RetryAfterHeader = header,
            }
            : null;
        await scenario.DrainAsync();
        var began = scenario.Cluster.Clock.GetUtcNow();
        await scenario.PassAsync(TimeSpan.FromMinutes(2));
        scenario.Evictions.GroupBy(static pod => pod).Count(static pod => pod.Count() > 1).ShouldBe(Pods, "each was asked for, and again after a minute at most");

        // A Pod each five seconds, once the waits are as long.
        AMinute(scenario, call => call.Path.EndsWith("/eviction", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(Pods * 15);
        scenario.Cluster.Calls.Count(call => call.Path.EndsWith("/eviction", StringComparison.Ordinal) && call.At >= began.AddMinutes(1)).ShouldBeLessThanOrEqualTo(Pods * 13);
        (await scenario.Cluster.StatusAsync()).Message!.ShouldContain("Draining: 30 pods left, ");
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        scenario.Cluster.MoveTo(began.AddMinutes(5).AddSeconds(1));
        await Wait.UntilAsync("the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());
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

    [Theory]
    [InlineData("its deletion", 1, "delete")]
    [InlineData("whatever is asked of it", 2, "delete", "patch")]
    public async Task A_Machine_that_can_not_be_deleted_at_the_end_of_its_drain_costs_ten_requests_a_minute_for_each_call_that_fails_of_both_servers_together(
        string what, int failingCalls, params string[] verbs)
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.CloseAsync();
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Select(call => call.Server).Distinct().ShouldBe([scenario.Cluster.Address, scenario.Workload.Address], ignoreOrder: true);
        var before = scenario.Cluster.Calls.Count;
        scenario.Cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && IsFailing(call)
            ? new ControllerTraffic.Fault(500, "InternalError", "the webhook is down")
            : null;
        await scenario.Pods.KillAsync("web-1");
        await Wait.UntilAsync("the deletion was tried", () => scenario.Cluster.Calls.Skip(before).Any(IsFailing));
        await scenario.SettleAsync();
        await scenario.PassAsync(TimeSpan.FromMinutes(3));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Skip(before).Count(IsFailing).ShouldBeGreaterThan(5, "it is tried again");
        AMinute(scenario, _ => true, before).ShouldBeLessThanOrEqualTo(
            10 * failingCalls, $"{what} fails: " + string.Join(", ", scenario.Cluster.Calls.Skip(before).Select(call => $"{call.At:mm:ss} {call.Verb} {call.Path}")));
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        scenario.Cluster.Traffic.Disturb = null;
        await scenario.WithinAsync(TimeSpan.FromMinutes(5), "the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());

        bool IsFailing(ControllerTraffic.Call call) =>
            verbs.Contains(call.Verb) && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal);
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

    /// <summary>The most requests of a kind within a minute, to whichever server.</summary>
    private static int AMinute(WorkloadScenario scenario, Predicate<ControllerTraffic.Call> which, int since = 0)
    {
        var times = scenario.Cluster.Calls.Skip(since).Where(call => which(call)).Select(call => call.At).ToList();
        return times.Max(first => times.Count(at => at >= first && at < first.AddMinutes(1)));
    }
}
