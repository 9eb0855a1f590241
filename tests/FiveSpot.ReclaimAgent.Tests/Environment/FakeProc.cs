// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>A directory that looks like <c>/proc</c>.</summary>
internal sealed class FakeProc : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("5spot-proc-");

    public string Path => _root.FullName;

    public static ReclaimConfig Looking(string[] commands, string[]? substrings = null) =>
        new([.. commands.Select(text => new Pattern(text))], [.. (substrings ?? []).Select(text => new Pattern(text))], TimeSpan.FromMilliseconds(50));

    /// <summary>Adds a process, or changes it.</summary>
    public void Put(int pid, string comm, string? commandLine = null, string? exe = null, string? stat = null, string? cgroup = null) =>
        Put(pid, Encoding.UTF8.GetBytes(comm + "\n"), commandLine is null ? null : Encoding.UTF8.GetBytes(commandLine), exe, stat, cgroup);

    public void Put(int pid, byte[] comm, byte[]? commandLine, string? exe = null, string? stat = null, string? cgroup = null)
    {
        // As the kernel does, a new one comes with all that it has.
        var final = System.IO.Path.Combine(Path, $"{pid}");
        var isNew = !Directory.Exists(final);
        var process = isNew ? _root.CreateSubdirectory($"new-{pid}").FullName : final;
        File.WriteAllBytes(System.IO.Path.Combine(process, "comm"), comm);
        File.WriteAllBytes(System.IO.Path.Combine(process, "cmdline"), commandLine ?? []);
        if (exe is not null)
        {
            File.CreateSymbolicLink(System.IO.Path.Combine(process, "exe"), exe);
        }

        if (stat is not null)
        {
            File.WriteAllText(System.IO.Path.Combine(process, "stat"), stat);
        }

        if (cgroup is not null)
        {
            File.WriteAllText(System.IO.Path.Combine(process, "cgroup"), cgroup);
        }

        if (isNew)
        {
            Directory.Move(process, final);
        }
    }

    /// <summary>Makes a process the one that reads.</summary>
    public void Be(int pid) => File.CreateSymbolicLink(System.IO.Path.Combine(Path, "self"), $"{pid}");

    public void Remove(int pid) => Directory.Delete(System.IO.Path.Combine(Path, $"{pid}"), recursive: true);

    /// <summary>What a process matches.</summary>
    public string? Examine(int pid, ReclaimConfig config, bool justStarted = true)
    {
        using var directory = new ProcessDirectory(Path);
        return new ProcessExaminer(directory).Examine(pid, config, justStarted)?.Text;
    }

    public void Dispose() => _root.Delete(recursive: true);
}
