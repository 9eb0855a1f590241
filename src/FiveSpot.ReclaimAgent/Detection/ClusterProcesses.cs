// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// Which processes are the cluster's, as their control groups tell: those of its pods, and of kubelet, k0s and the container runtime.
/// All others are of the machine, those of containers and virtual machines of the owner's included. For one thread.
/// </summary>
/// <remarks>
/// Whose a process is that is gone by now can't be told, and it is not taken for the owner's: pods run short programs all day, and
/// what a person starts is still there a moment later. One that has ended and is still listed has no group any more in the hierarchies
/// of cgroup v1 (the kernel says <c>/</c>), and is taken for whosever its parent is.
/// </remarks>
internal sealed class ClusterProcesses(ProcessDirectory processes)
{
    private const int MostAncestors = 64;

    // A path has less than 4 KiB.
    private readonly byte[] _groups = new byte[8 << 10];
    private readonly byte[] _stat = new byte[512];

    private enum Said
    {
        Nothing,
        Machine,
        Cluster,
    }

    /// <summary>Whether a process is one of them, or is gone.</summary>
    public bool Contains(int pid)
    {
        for (var i = 0; i < MostAncestors; i++)
        {
            var said = GroupsOf(pid);
            if (said is not Said.Nothing)
            {
                return said is Said.Cluster;
            }

            if (!ProcessStat.TryParse(processes.Read(pid, "stat"u8, _stat), out var stat))
            {
                return IsGone(pid);
            }

            if (!stat.HasEnded || stat.Parent == 0)
            {
                return false;
            }

            pid = stat.Parent;
        }

        return false;
    }

    private Said GroupsOf(int pid)
    {
        var file = processes.Open(pid, "cgroup"u8);
        if (file < 0)
        {
            // Or there are no control groups, and so no pods.
            return IsGone(pid) ? Said.Cluster : Said.Machine;
        }

        try
        {
            return Read(file);
        }
        finally
        {
            ProcessDirectory.Close(file);
        }
    }

    private Said Read(int file)
    {
        var (said, kept) = (Said.Nothing, 0);
        while (true)
        {
            var read = ProcessDirectory.Read(file, _groups.AsSpan(kept));
            if (read < 0)
            {
                // Gone; or a path is too long for the kernel to tell, which is nobody's but who hides.
                return Said.Cluster;
            }

            ReadOnlySpan<byte> rest = _groups.AsSpan(0, kept + read);
            while (!rest.IsEmpty && rest.IndexOf((byte)'\n') is var end && (end >= 0 || read == 0))
            {
                var line = end < 0 ? rest : rest[..end];
                rest = end < 0 ? default : rest[(end + 1)..];
                var path = PathIn(line);
                if (ControlGroup.IsOfTheCluster(path))
                {
                    // Of several hierarchies one is enough that tells: not all of them have to be in use.
                    return Said.Cluster;
                }

                said = path.Length > 1 ? Said.Machine : said;
            }

            if (read == 0)
            {
                return said;
            }

            kept = rest.Length;
            rest.CopyTo(_groups);
        }
    }

    // <hierarchy>:<controllers>:<path>, in which there may be colons too.
    private static ReadOnlySpan<byte> PathIn(ReadOnlySpan<byte> line)
    {
        line = line[(line.IndexOf((byte)':') + 1)..];
        return line[(line.IndexOf((byte)':') + 1)..];
    }

    private bool IsGone(int pid) => processes.Read(pid, "comm"u8, _stat).IsEmpty;
}
