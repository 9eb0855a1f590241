// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation.Tests;

public sealed class OwnerProgramsTests : IDisposable
{
    private static readonly ObjectKey Key = new("default", "desk");

    private readonly PhysicalMachines _machines = new();

    private string ProcRoot => Path.Combine(_machines.Folder, "default", "desk", "proc");

    public void Dispose() => _machines.Dispose();

    [Fact]
    public void A_machine_runs_what_machines_run_and_says_who_it_is()
    {
        var machine = _machines.Acquire(Key);

        Programs().ShouldBe(["1 systemd", "412 sshd", "520 k0s", "611 kubelet"]);
        File.ReadAllText(machine.MachineIdPath).ShouldBe($"{SimulatedHardware.NodeInfoOf(Key, "v1")["machineID"]}\n");
        machine.ProcRoot.ShouldBe(ProcRoot);

        // k0smotron puts the name of the Machine into a command line.
        File.ReadAllText(Path.Combine(ProcRoot, "520", "cmdline")).ShouldContain($"--labels=k0smotron.io/machine-name={Key.Name}\0");
    }

    [Theory]
    [InlineData("java", "java", "java\0", "/usr/bin/java")]
    [InlineData("  /opt/idea/bin/idea.sh   -x  a=b ", "idea.sh", "/opt/idea/bin/idea.sh\0-x\0a=b\0", "/opt/idea/bin/idea.sh")]
    [InlineData("a-name-longer-than-fifteen", "a-name-longer-t", "a-name-longer-than-fifteen\0", "/usr/bin/a-name-longer-than-fifteen")]
    [InlineData("näme-of-ünusual-letters", "näme-of-ünusu", "näme-of-ünusual-letters\0", "/usr/bin/näme-of-ünusual-letters")]
    public void A_process_reads_as_the_kernel_has_it(string commandLine, string name, string arguments, string executable)
    {
        var machine = _machines.Acquire(Key);
        machine.Run([commandLine]).ShouldBeTrue();

        var process = Path.Combine(ProcRoot, "2001");
        File.ReadAllText(Path.Combine(process, "comm")).ShouldBe($"{name}\n");
        File.ReadAllText(Path.Combine(process, "cmdline")).ShouldBe(arguments);
        File.ReadAllText(Path.Combine(process, "stat")).ShouldStartWith($"2001 ({name}) S 1 2001 2001 0 -1 4194304 ");
        new FileInfo(Path.Combine(process, "exe")).LinkTarget.ShouldBe(executable);
    }

    [Fact]
    public void What_runs_goes_on_what_is_not_wanted_ends_and_no_pid_is_used_twice()
    {
        var machine = _machines.Acquire(Key);
        machine.Run(["java", "vim", "java"]).ShouldBeTrue();
        Owners().ShouldBe(["2001 java", "2002 vim", "2003 java"]);
        machine.Run(["vim", "java", "java"]).ShouldBeFalse();
        machine.Run(["java", "idea"]).ShouldBeTrue();
        Owners().ShouldBe(["2001 java", "2004 idea"]);
        machine.Run([]).ShouldBeTrue();
        machine.Run(["java"]).ShouldBeTrue();
        Owners().ShouldBe(["2005 java"]);
        Programs().Count.ShouldBe(5, "the rest of the machine goes on");

        List<string> Owners() => Programs()[4..];
    }

    [Fact]
    public void A_machine_is_there_as_long_as_anybody_has_to_do_with_it()
    {
        var machine = _machines.Acquire(Key);
        _machines.Acquire(Key).ShouldBeSameAs(machine);
        machine.Run(["java"]);
        _machines.Release(Key);
        Programs().ShouldContain("2001 java");
        _machines.Release(Key);
        Directory.Exists(ProcRoot).ShouldBeFalse();
        _machines.Acquire(Key).ShouldNotBeSameAs(machine);
        Programs().Count.ShouldBe(4);
    }

    [Fact]
    public async Task The_annotation_says_what_runs_and_what_it_says_is_told()
    {
        await using var world = await SimulationFixture.StartAsync();
        using var owners = new OwnerPrograms(world.Api, _machines, world.Logs);
        using var stop = new CancellationTokenSource();
        var told = 0;
        owners.Changed += machine => Interlocked.Add(ref told, machine == Key ? 1 : 100);
        await world.SendAsync(HttpMethod.Post, SimulationFixture.ScheduledMachines, """
            {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine",
             "metadata":{"name":"desk","annotations":{"sandbox.5spot.finos.org/processes":" java -jar a.jar ,, vim,"}},
             "spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon"]},
              "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K","spec":{}},
              "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"R","spec":{}}}}
            """);
        var running = owners.RunAsync(stop.Token);

        await AwaitAsync("java -jar a.jar, vim");
        Programs()[4..].ShouldBe(["2001 java", "2002 vim"]);
        await AnnotateAsync("other", "java");
        await AnnotateAsync("sandbox.5spot.finos.org/processes", null);
        await AwaitAsync(null);
        Programs().Count.ShouldBe(4);
        Volatile.Read(ref told).ShouldBe(2);

        await AnnotateAsync("sandbox.5spot.finos.org/processes", string.Join(',', Enumerable.Repeat("sh", OwnerPrograms.MostPrograms + 1)));
        await AwaitAsync(string.Join(", ", Enumerable.Repeat("sh", OwnerPrograms.MostPrograms)));
        world.Logs.Lines.ShouldContain("ScheduledMachine default/desk: annotation sandbox.5spot.finos.org/processes lists 51 programs; the first 50 of them are run.");

        await world.SendAsync(HttpMethod.Delete, $"{SimulationFixture.ScheduledMachines}/desk");
        await AwaitAsync(null);
        await Eventually.GetAsync(() => Task.FromResult(Directory.Exists(ProcRoot)), isThere => !isThere, "the machine is gone");
        await stop.CancelAsync();
        await running;

        Task AwaitAsync(string? programs) => Eventually.GetAsync(() => Task.FromResult(owners.Of(Key)), seen => seen == programs, programs ?? "nothing runs");

        Task AnnotateAsync(string name, string? value) => world.SendAsync(
            HttpMethod.Patch,
            $"{SimulationFixture.ScheduledMachines}/desk",
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [name] = value } } }.ToJsonString(),
            "application/merge-patch+json");
    }

    private List<string> Programs() =>
    [
        .. Directory.GetDirectories(ProcRoot)
            .Select(process => (Pid: int.Parse(Path.GetFileName(process)), Name: File.ReadAllText(Path.Combine(process, "comm")).TrimEnd()))
            .OrderBy(process => process.Pid)
            .Select(process => $"{process.Pid} {process.Name}"),
    ];
}
