// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Tests.Environment;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ReclaimAgent.Tests.Detection;

/// <summary>The kernel of this machine and processes that really start. Without the right to its proc connector what needs
/// that is skipped, and says so.</summary>
public sealed class KernelTests : IDisposable
{
    private readonly Folder _folder = new();

    public static TheoryData<string> Detectors => [nameof(DetectorKind.Netlink), nameof(DetectorKind.Poll)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_program_is_noticed_by_its_name(string detector)
    {
        var name = Folder.Unique();
        using var program = await StartedProgram.PrepareAsync(_folder.Sleep(name), "60");
        await using var watch = Watch(detector, [name]);
        await watch.SweepsAsync(1);
        program.Run();
        await watch.NoticesAsync(program.Pid);
        watch.Matches.ShouldAllBe(match => match.Pid == program.Pid && match.Pattern.Text == name);
        watch.Metrics.ShouldContain($"fivespot_reclaim_detector{{detector=\"{detector.ToLowerInvariant()}\"}} 1\n");
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_script_is_noticed_by_its_name_and_by_what_it_is_told(string detector)
    {
        var (name, word) = (Folder.Unique(), Folder.Unique());
        var script = _folder.Script(name, "#!/bin/sh\nread -r line < \"$FIFO\" || sleep 60\n");
        using var byName = await StartedProgram.PrepareAsync(script);
        using var byWord = await StartedProgram.PrepareAsync("sh", "-c", "sleep 60 # $0", word);
        await using var watch = Watch(detector, [name], [word]);
        byName.Run();
        byWord.Run();
        await watch.NoticesAsync(byName.Pid);
        await watch.NoticesAsync(byWord.Pid);
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_program_is_noticed_by_the_name_that_it_is_called_by(string detector)
    {
        // Longer than what the kernel keeps of a name, and not the file's.
        var name = "called-by-another-name-" + Folder.Unique();
        using var program = await StartedProgram.PrepareAsync("bash", "-c", $"exec -a /opt/bin/{name} sleep 60");
        await using var watch = Watch(detector, [name]);
        program.Run();
        await watch.NoticesAsync(program.Pid);
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_program_is_noticed_by_the_name_of_its_file(string detector)
    {
        var name = "a-file-with-a-long-name-" + Folder.Unique();
        var file = _folder.Sleep(name);
        using var program = await StartedProgram.PrepareAsync("bash", "-c", $"exec -a other {file} 60");
        await using var watch = Watch(detector, [name]);
        program.Run();
        await watch.NoticesAsync(program.Pid);
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_process_that_gives_itself_a_name_is_noticed(string detector)
    {
        var name = Folder.Unique();
        // It waits without a process of its own that would outlive it.
        var gate = await _folder.FifoAsync("gate");
        using var program = await StartedProgram.PrepareAsync("sh", "-c", "printf %s \"${0#_}\" > /proc/$$/comm; read -r _ < \"$1\"", "_" + name, gate);
        await using var watch = Watch(detector, [name]);
        await watch.SweepsAsync(1);
        program.Run();
        await watch.NoticesAsync(program.Pid);
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task A_process_that_runs_another_program_of_the_same_name_is_noticed(string detector)
    {
        // The pid, the start time and the name stay what they were.
        var word = Folder.Unique();
        var gate = await _folder.FifoAsync("gate");
        var script = _folder.Script("again", $"#!/bin/sh\nif [ \"$1\" = {word[..2]} ]; then sleep 60; fi\nread -r word < {gate}\nexec \"$0\" {word[..2]} \"$word\"\n");
        using var program = await StartedProgram.PrepareAsync(script, "first");
        program.Run();
        await Wait.UntilAsync("the script runs", () => File.ReadAllText($"/proc/{program.Pid}/comm") == "again\n");
        await using var watch = Watch(detector, [], [word]);
        await watch.SweepsAsync(1);
        watch.Count(program.Pid).ShouldBe(0);
        await File.WriteAllTextAsync(gate, word + "\n", TestContext.Current.CancellationToken);
        await watch.NoticesAsync(program.Pid);
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task Odd_names_and_long_command_lines_are_no_trouble(string detector)
    {
        var name = Folder.Unique();
        var odd = _folder.PathOf("line\nfeed \u00e9");
        File.Copy("/bin/sleep", odd);
        string[] many = [.. Enumerable.Range(0, 16).Select(_ => new string('a', 100_000))];
        using var oddly = await StartedProgram.PrepareAsync(odd, "60");
        using var bytes = await StartedProgram.PrepareAsync("bash", "-c", "exec -a $'\\xff\\xfe' sleep 60");
        using var endless = await StartedProgram.PrepareAsync(["sh", "-c", "sleep 60", "sh", .. many, name]);
        using var program = await StartedProgram.PrepareAsync(_folder.Sleep(name), "60");
        await using var watch = Watch(detector, [name, "line\nfeed \u00e9"], [name]);
        oddly.Run();
        bytes.Run();
        endless.Run();
        program.Run();
        await watch.NoticesAsync(oddly.Pid);
        await watch.NoticesAsync(endless.Pid);
        await watch.NoticesAsync(program.Pid);
        watch.Count(bytes.Pid).ShouldBe(0);
    }

    [Theory]
    [InlineData(nameof(DetectorKind.Netlink), "cgroup")]
    [InlineData(nameof(DetectorKind.Netlink), "cgroup2")]
    [InlineData(nameof(DetectorKind.Poll), "cgroup")]
    [InlineData(nameof(DetectorKind.Poll), "cgroup2")]
    public async Task A_program_of_a_pod_is_not_the_owners(string detector, string hierarchy)
    {
        var name = Folder.Unique();
        var file = _folder.Sleep(name);
        await using var pod = RealGroup.Make(hierarchy, $"5spot-{name}/kubepods/burstable/pod7f3b6a52-1d0e-4c35-9c5b-2f1f6f0b8d11/{new string('a', 64)}");
        await using var session = RealGroup.Make(hierarchy, $"5spot-{name}/user.slice/session-1.scope");
        using var ofPod = await StartedProgram.PrepareAsync(file, "60");
        using var ofOwner = await StartedProgram.PrepareAsync(file, "60");
        pod.Add(ofPod.Pid);
        session.Add(ofOwner.Pid);
        await using var watch = Watch(detector, [name]);
        await watch.SweepsAsync(1);
        ofPod.Run();
        await Wait.UntilAsync("the pod's program runs", () => File.ReadAllText($"/proc/{ofPod.Pid}/comm") == name + "\n");
        ofOwner.Run();
        await watch.NoticesAsync(ofOwner.Pid);

        // All there are, once more.
        watch.LookFor(FakeProc.Looking([name]));
        await watch.SweepsAsync(2);
        watch.Count(ofPod.Pid).ShouldBe(0);
    }

    [Fact]
    public async Task A_program_of_a_pod_that_has_ended_is_not_the_owners()
    {
        // In the hierarchies of v1 the kernel does not know its group any more.
        var name = Folder.Unique();
        var file = _folder.Sleep(name);
        await using var group = RealGroup.Make("cgroup", $"5spot-{name}/kubepods/pod7f3b6a52-1d0e-4c35-9c5b-2f1f6f0b8d11");
        using var parent = await StartedProgram.PrepareAsync("sh", "-c", "\"$0\" 0 & echo $! > \"$1\"; exec sleep 60", file, _folder.PathOf("pid"));
        group.Add(parent.Pid);
        parent.Run();
        var pid = 0;
        await Wait.UntilAsync("it has ended and is not reaped", () =>
            File.Exists(_folder.PathOf("pid")) && int.TryParse(File.ReadAllText(_folder.PathOf("pid")), out pid)
            && File.ReadAllText($"/proc/{parent.Pid}/comm") == "sleep\n" && File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal));
        File.ReadAllText($"/proc/{pid}/comm").ShouldBe(name + "\n");

        using var directory = new ProcessDirectory("/proc");
        new ProcessExaminer(directory).Examine(pid, FakeProc.Looking([name]), justStarted: true).ShouldBeNull();
    }

    [Fact]
    public async Task A_program_that_ends_before_long_is_noticed_by_the_connector()
    {
        var name = Folder.Unique();
        var file = _folder.Sleep(name);
        await using var watch = Watch("Netlink", [name]);
        await watch.SweepsAsync(1);
        for (var i = 0; i < 20; i++)
        {
            // No poll would find it. One that is gone before it is looked at at all may be anybody's.
            using var program = await StartedProgram.PrepareAsync(file, "0.02");
            program.Run();
            await watch.NoticesAsync(program.Pid);
        }
    }

    [Theory]
    [MemberData(nameof(Detectors))]
    public async Task What_runs_already_is_noticed_at_the_start_and_at_each_change_of_the_patterns(string detector)
    {
        var (one, two) = (Folder.Unique(), Folder.Unique());
        using var first = await StartedProgram.PrepareAsync(_folder.Sleep(one), "60");
        using var second = await StartedProgram.PrepareAsync(_folder.Sleep(two), "60");
        first.Run();
        second.Run();
        await Wait.UntilAsync("both run", () => File.ReadAllText($"/proc/{first.Pid}/comm") == one + "\n" && File.ReadAllText($"/proc/{second.Pid}/comm") == two + "\n");
        await using var watch = Watch(detector, [one]);
        await watch.NoticesAsync(first.Pid);
        watch.Count(second.Pid).ShouldBe(0);
        watch.LookFor(FakeProc.Looking([two]));
        await watch.NoticesAsync(second.Pid);
        watch.Metrics.ShouldContain("fivespot_reclaim_matches_total{noticed_by=\"sweep\"} 2\n");
    }

    [Fact]
    public async Task Every_thirty_seconds_all_are_looked_at_anew()
    {
        var name = Folder.Unique();
        var time = new FakeTimeProvider();
        using var program = await StartedProgram.PrepareAsync(_folder.Sleep(name), "60");
        program.Run();
        await Wait.UntilAsync("it runs", () => File.ReadAllText($"/proc/{program.Pid}/comm") == name + "\n");
        await using var watch = new RunningWatch(connector: null, FakeProc.Looking([name]), time: time);
        await watch.NoticesAsync(program.Pid);

        // It is noticed in the midst of the first sweep, which is counted when it is over.
        await watch.SweepsAsync(1);
        time.Advance(TimeSpan.FromSeconds(29));
        watch.Metrics.ShouldContain("fivespot_reclaim_sweeps_total 1\n");
        time.Advance(TimeSpan.FromSeconds(1));
        await watch.SweepsAsync(2);
        await Wait.UntilAsync("it is noticed again", () => watch.Count(program.Pid) == 2);
    }

    [Fact]
    public async Task What_the_agent_starts_itself_never_matches()
    {
        var name = Folder.Unique();
        var file = _folder.Sleep(name);
        await using var watch = Watch("Netlink", [name]);
        using var own = System.Diagnostics.Process.Start(file, "60");
        using var other = await StartedProgram.PrepareAsync(file, "60");
        other.Run();
        await watch.NoticesAsync(other.Pid);
        watch.Count(own.Id).ShouldBe(0);
        own.Kill();
        await own.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Events_that_the_kernel_had_to_drop_are_made_up_for_by_a_sweep()
    {
        var name = Folder.Unique();
        var file = _folder.Sleep(name);
        using var first = await StartedProgram.PrepareAsync(file, "60");
        using var second = await StartedProgram.PrepareAsync(file, "60");
        using var goOn = new ManualResetEventSlim();
        await using var watch = new RunningWatch(Connect(receiveBuffer: 4 << 10), FakeProc.Looking([name]), onMatch: goOn.Wait);
        try
        {
            await watch.SweepsAsync(1);
            first.Run();
            await watch.NoticesAsync(first.Pid);

            // The watch is busy with the first, and there is no room to tell of the second.
            using (var many = System.Diagnostics.Process.Start("sh", ["-c", "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done"]))
            {
                await many.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            second.Run();
            await Wait.UntilAsync("it runs", () => File.ReadAllText($"/proc/{second.Pid}/comm") == name + "\n");
        }
        finally
        {
            // Whatever failed: the watch would wait for it without end.
            goOn.Set();
        }

        await watch.NoticesAsync(second.Pid);
        await watch.SweepsAsync(2);
        watch.Metrics.ShouldContain("fivespot_reclaim_events_lost_total 1\n");
        watch.Metrics.ShouldContain("fivespot_reclaim_matches_total{noticed_by=\"event\"} 1\n");
    }

    [Fact]
    public async Task The_kernel_tells_of_nothing_but_programs_and_names()
    {
        using var connector = Connect();

        // Forks, exits, threads, and names of threads: of no use.
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Factory.StartNew(
            () => { }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        using (var program = System.Diagnostics.Process.Start("/bin/true"))
        {
            await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var seen = new List<ProcessEvent>();
        while (connector.Receive(out var events) != ReceiveResult.Nothing)
        {
            while (events.Next(out var found))
            {
                seen.Add(found);
            }
        }

        seen.ShouldContain(found => found.Kind == ProcessEventKind.Exec);
        seen.ShouldAllBe(found => found.Kind == ProcessEventKind.Exec
            || found.Kind == ProcessEventKind.Answer
            || (found.Kind == ProcessEventKind.Comm && found.Thread == found.Process));
    }

    private static ProcConnector Connect(int receiveBuffer = 4 << 20)
    {
        try
        {
            return new ProcConnector(TimeSpan.FromSeconds(1), receiveBuffer);
        }
        catch (DetectorRefusedException exception)
        {
            Assert.Skip(exception.Message);
            throw;
        }
    }

    private static RunningWatch Watch(string detector, string[] commands, string[]? substrings = null) =>
        new(detector == nameof(DetectorKind.Poll) ? null : Connect(), FakeProc.Looking(commands, substrings));
}
