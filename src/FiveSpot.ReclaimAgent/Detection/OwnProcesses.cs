// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>Which processes are the agent's own: itself, what it started, and whatever else runs in its container.</summary>
/// <remarks>
/// With the host's pids in view, a container's processes are those of its control group. That holds only for a group that
/// is a container's: on a machine without one the agent may share its group, of a login session or of everything, with the
/// very programs that it looks for. It is a container's if a control group namespace hides what is above it, so that the first
/// process's path leads out of it. (Without one a pod's group says that it is the cluster's: <see cref="ClusterProcesses"/>.)
/// <para>For one thread.</para>
/// </remarks>
internal sealed class OwnProcesses
{
    private const int MostAncestors = 64;
    private const int LongestGroup = 4096;

    private readonly ProcessDirectory _processes;
    private readonly int _self;
    private readonly byte[] _group;
    private readonly byte[] _buffer = new byte[LongestGroup];

    /// <summary>Finds out who this process is, which in a directory that only looks like <c>/proc</c> is nobody.</summary>
    public OwnProcesses(ProcessDirectory processes)
    {
        _processes = processes;
        _self = processes.OwnPid();
        _group = _self == 0 ? [] : FindContainer();
    }

    /// <summary>Whether a process is one of them.</summary>
    public bool Contains(int pid) => _self != 0 && (pid == _self || IsInContainer(pid) || IsDescendant(pid));

    private bool IsInContainer(int pid) => _group.Length > 0 && _processes.Read(pid, "cgroup"u8, _buffer).SequenceEqual(_group);

    private bool IsDescendant(int pid)
    {
        for (var i = 0; i < MostAncestors && pid > 1; i++)
        {
            if (!ProcessStat.TryParse(_processes.Read(pid, "stat"u8, _buffer), out var stat))
            {
                return false;
            }

            pid = stat.Parent;
            if (pid == _self)
            {
                return true;
            }
        }

        return false;
    }

    private byte[] FindContainer()
    {
        var own = _processes.Read(_self, "cgroup"u8, _buffer).ToArray();
        return _processes.Read(1, "cgroup"u8, _buffer).IndexOf(":/.."u8) >= 0 ? own : [];
    }
}
