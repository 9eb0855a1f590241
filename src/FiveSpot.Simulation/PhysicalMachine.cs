// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>
/// A physical machine as a reclaim agent sees it: a file that is its <c>/etc/machine-id</c>, and a directory that looks like its
/// <c>/proc</c>. It has nothing to do with the Node that it is at times: its programs go on when the Node is gone.
/// </summary>
internal sealed class PhysicalMachine
{
    // The kernel keeps no more of a name.
    private const int LongestName = 15;

    private const string OwnersSession = "/user.slice/user-1000.slice/session-2.scope";

    // What k0smotron starts has the machine's name in its command line.
    private static (int Pid, string CommandLine, string Group)[] Everyday(string name) =>
    [
        (1, "/usr/lib/systemd/systemd --system", "/init.scope"),
        (412, "/usr/sbin/sshd -D", "/system.slice/ssh.service"),
        (520, $"/usr/local/bin/k0s worker --token-file=/etc/k0s.token --labels={NodeWriter.K0smotronLabel}={name}", "/system.slice/k0sworker.service"),
        (611, $"/var/lib/k0s/bin/kubelet --config=/var/lib/k0s/kubelet-config.yaml --hostname-override={name}", "/system.slice/k0sworker.service"),
    ];

    private readonly string _directory;
    private readonly List<(int Pid, string CommandLine)> _programs = [];
    private int _lastPid = 2000;

    /// <summary>A machine on which nobody does anything.</summary>
    /// <param name="directory">A directory that does not exist yet.</param>
    /// <param name="key">Its Machine.</param>
    /// <exception cref="IOException">The directory can't be made.</exception>
    public PhysicalMachine(string directory, ObjectKey key)
    {
        _directory = directory;
        ProcRoot = Directory.CreateDirectory(Path.Combine(directory, "proc")).FullName;
        MachineIdPath = Path.Combine(directory, "machine-id");
        File.WriteAllText(MachineIdPath, $"{SimulatedHardware.MachineIdOf(key)}\n");
        foreach (var (pid, commandLine, group) in Everyday(key.Name))
        {
            Start(pid, commandLine, group);
        }
    }

    /// <summary>The directory of its processes.</summary>
    public string ProcRoot { get; }

    /// <summary>The file with its id.</summary>
    public string MachineIdPath { get; }

    /// <summary>Has its owner run these programs and no others; what runs already goes on. Not for two threads at once.</summary>
    /// <param name="commandLines">Command lines, with a space between two arguments; one that comes twice is run twice.</param>
    /// <returns>Whether a program was started or ended.</returns>
    /// <exception cref="IOException">The directory can't be written; another call goes on from what is there.</exception>
    public bool Run(IReadOnlyList<string> commandLines)
    {
        var missing = commandLines.ToList();
        var surplus = _programs.Where(program => !missing.Remove(program.CommandLine)).ToList();
        foreach (var program in surplus)
        {
            End(program.Pid);
            _programs.Remove(program);
        }

        foreach (var commandLine in missing)
        {
            // Never one that was another's: whoever polls would take them for the same.
            var pid = ++_lastPid;
            Start(pid, commandLine, OwnersSession);
            _programs.Add((pid, commandLine));
        }

        return surplus.Count + missing.Count > 0;
    }

    /// <summary>Takes its directory away.</summary>
    /// <exception cref="IOException">It can't be deleted.</exception>
    public void Scrap() => Directory.Delete(_directory, recursive: true);

    // It appears, and goes, as a whole: what is not a number is no process to whoever looks.
    private string Hidden(int pid) => Path.Combine(ProcRoot, $".{pid}");

    private string Shown(int pid) => Path.Combine(ProcRoot, $"{pid}");

    private void Start(int pid, string commandLine, string group)
    {
        var arguments = commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = Encoding.UTF8.GetBytes(arguments[0][(arguments[0].LastIndexOf('/') + 1)..]);
        name = name[..Math.Min(name.Length, LongestName)];
        var process = Directory.CreateDirectory(Hidden(pid)).FullName;
        File.WriteAllBytes(Path.Combine(process, "comm"), [.. name, (byte)'\n']);
        File.WriteAllBytes(Path.Combine(process, "cmdline"), Encoding.UTF8.GetBytes(string.Concat(arguments.Select(argument => $"{argument}\0"))));

        File.WriteAllText(Path.Combine(process, "cgroup"), $"0::{group}\n");

        // Asleep, a child of the first process, a leader of its own session without a terminal, and no thread of the kernel.
        File.WriteAllBytes(
            Path.Combine(process, "stat"),
            [.. Encoding.UTF8.GetBytes($"{pid} ("), .. name, .. Encoding.UTF8.GetBytes($") S {(pid == 1 ? 0 : 1)} {pid} {pid} 0 -1 4194304 0 0 0 0\n")]);
        File.CreateSymbolicLink(Path.Combine(process, "exe"), arguments[0].StartsWith('/') ? arguments[0] : $"/usr/bin/{arguments[0]}");
        Directory.Move(process, Shown(pid));
    }

    private void End(int pid)
    {
        Directory.Move(Shown(pid), Hidden(pid));
        Directory.Delete(Hidden(pid), recursive: true);
    }
}
