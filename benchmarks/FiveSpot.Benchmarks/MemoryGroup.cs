// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.Benchmarks;

/// <summary>A control group with a limit of memory, for one process.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private readonly string _directory;

    private MemoryGroup(string directory) => _directory = directory;

    /// <summary>Makes one; null where that is not allowed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">The limit.</param>
    public static MemoryGroup? Make(string name, long bytes)
    {
        var isFirst = Directory.Exists("/sys/fs/cgroup/memory");
        var directory = Path.Combine(isFirst ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", $"5spot-bench-{Environment.ProcessId}-{name}");
        try
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, isFirst ? "memory.limit_in_bytes" : "memory.max"), bytes.ToString(CultureInfo.InvariantCulture));
            return new MemoryGroup(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a shell runs to have a program in it.</summary>
    public string Enter => $"echo $$ > {_directory}/cgroup.procs && ";

    public void Dispose()
    {
        try
        {
            Directory.Delete(_directory);
        }
        catch (IOException)
        {
            // A process is still in it.
        }
    }
}
