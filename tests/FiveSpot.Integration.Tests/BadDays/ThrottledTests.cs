// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>For a minute the API server answers 429, and says when it wants to be asked again.</summary>
public abstract class ThrottledTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ThrottledTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ThrottledTests(ServerKind.KubeApiServer);

    private static readonly ControllerTraffic.Fault TooMany = new(429, "TooManyRequests", "too many requests, please try again later") { RetryAfter = TimeSpan.FromSeconds(20) };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_asked_no_more_often_than_it_wants_to_be_and_nothing_is_lost(bool readsToo)
    {
        await using var scenario = await Scenario.StartAsync(kind);
        var cluster = scenario.Cluster;
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        var before = cluster.Calls.Count;
        cluster.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && (readsToo || call.IsWrite) ? TooMany : null;
        cluster.MoveTo(Scenario.Opening);
        for (var second = 0; second < 60; second++)
        {
            await Wait.UntilAsync("nothing is being worked on", () => scenario.Controller.IsIdle);
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Wait.UntilAsync("nothing is being worked on", () => scenario.Controller.IsIdle);

        // At 0, 20, 40 and 60 s, each time what it wants to make and what it has to report.
        cluster.Calls.Skip(before).Count(call => call.Verb == "create" && call.IsWrite).ShouldBe(4);
        cluster.Calls.Skip(before).Count(call => call.IsWrite).ShouldBeLessThanOrEqualTo(8);
        cluster.Traffic.Disturb = null;
        await Wait.UntilAsync("it goes on", async () =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await cluster.StatusAsync()).Phase == "Active";
        });
        await scenario.SettleAsync();
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
        (await cluster.EventsAsync()).ShouldBeUnique();
    }
}
