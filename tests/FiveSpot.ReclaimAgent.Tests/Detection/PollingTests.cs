// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Tests.Environment;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ReclaimAgent.Tests.Detection;

/// <summary>What a poll looks at, and how often.</summary>
public sealed class PollingTests : IDisposable
{
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void What_is_new_or_runs_something_else_is_looked_at_once()
    {
        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory);
        _proc.Put(7, "sh", "sh\0");
        _proc.Put(8, "sleep", "sleep\0");
        Update(table).ShouldBe([7, 8]);
        Update(table).ShouldBeEmpty();
        _proc.Put(7, "java", "sh\0");
        Update(table).ShouldBe([7]);
        _proc.Put(7, "java", "java\0-jar\0");
        Update(table).ShouldBe([7]);
        Update(table).ShouldBeEmpty();
        table.Clear();
        Update(table).ShouldBe([7, 8]);
    }

    [Fact]
    public void Another_command_line_under_the_old_name_is_noticed_before_long()
    {
        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory);
        _proc.Put(7, "java", "java\0one\0");
        for (var i = 0; i < 3 * ProcessTable.YoungFor; i++)
        {
            Update(table).Count.ShouldBe(i == 0 ? 1 : 0);
        }

        _proc.Put(7, "java", "java\0two\0");
        Enumerable.Range(0, ProcessTable.YoungFor).Sum(_ => Update(table).Count).ShouldBe(1);
    }

    [Fact]
    public void A_pid_that_was_gone_is_new()
    {
        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory);
        _proc.Put(7, "java", "java\0");
        Update(table).ShouldBe([7]);
        _proc.Remove(7);
        Update(table).ShouldBeEmpty();
        _proc.Put(7, "java", "java\0");
        Update(table).ShouldBe([7]);
    }

    [Fact]
    public void Beyond_what_is_kept_open_processes_are_looked_at_all_the_same()
    {
        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory, mostKept: 1);
        _proc.Put(7, "a", "a\0");
        _proc.Put(8, "b", "b\0");
        _proc.Put(9, "c", "c\0");
        Update(table).ShouldBe([7, 8, 9]);
        Update(table).ShouldBeEmpty();
        foreach (var pid in (int[])[7, 8, 9])
        {
            _proc.Put(pid, "d", "d\0");
            Update(table).ShouldBe([pid]);
        }
    }

    [Fact]
    public void Files_are_kept_open_until_they_are_forgotten()
    {
        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory);
        _proc.Put(7, "sh", "sh\0");
        _proc.Put(8, "sleep", "sleep\0");
        Update(table);
        OpenFiles().ShouldBe(2);
        _proc.Remove(7);
        Update(table);
        OpenFiles().ShouldBe(1);
        table.Clear();
        OpenFiles().ShouldBe(0);
    }

    [Fact]
    public void A_poll_that_finds_nothing_new_costs_no_allocation()
    {
        for (var pid = 1; pid <= 50; pid++)
        {
            _proc.Put(pid, "sleep", "sleep\0");
        }

        using var directory = new ProcessDirectory(_proc.Path);
        using var table = new ProcessTable(directory);
        Action<int> changed = static _ => { };
        table.Update(changed);
        table.Update(changed);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            table.Update(changed);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public async Task A_poll_comes_when_it_is_due_and_not_before()
    {
        var time = new FakeTimeProvider();
        await using var watch = new RunningWatch(connector: null, FakeProc.Looking(["java"]), _proc.Path, time);
        await watch.SweepsAsync(1);
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("polls are asked for", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            return watch.Count(7) > 0;
        });
        watch.Metrics.ShouldContain("fivespot_reclaim_matches_total{noticed_by=\"poll\"} 1\n");
        (time.GetUtcNow() - time.Start).ShouldBeLessThan(ProcessWatch.SweepInterval);
    }

    [Fact]
    public async Task Where_nothing_is_looked_for_nothing_is_looked_at()
    {
        var time = new FakeTimeProvider();
        _proc.Put(7, "java", "java\0");
        await using var watch = new RunningWatch(connector: null, ReclaimConfig.Nothing, _proc.Path, time);
        await watch.SweepsAsync(1);
        time.Advance(TimeSpan.FromSeconds(31));
        await watch.SweepsAsync(2);
        watch.Matches.ShouldBeEmpty();
        watch.LookFor(FakeProc.Looking(["java"]));
        await watch.NoticesAsync(7);
    }

    private int OpenFiles() => Directory.GetFiles("/proc/self/fd")
        .Count(file => new FileInfo(file).LinkTarget?.StartsWith(_proc.Path + "/", StringComparison.Ordinal) ?? false);

    private static List<int> Update(ProcessTable table)
    {
        var changed = new List<int>();
        table.Update(changed.Add);
        changed.Sort();
        return changed;
    }
}
