// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>Decides whether a process is one that the owner started and the patterns ask for. For one thread.</summary>
/// <remarks>Whose it is is asked only of what the patterns ask for, so that all others cost nothing more.</remarks>
internal sealed class ProcessExaminer(ProcessDirectory processes)
{
    private readonly ProcessMatcher _matcher = new(processes);
    private readonly OwnProcesses _own = new(processes);
    private readonly ClusterProcesses _cluster = new(processes);
    private readonly byte[] _stat = new byte[512];

    /// <summary>Examines a process.</summary>
    /// <param name="pid">Its pid.</param>
    /// <param name="config">What is looked for.</param>
    /// <param name="justStarted">Whether it was told of rather than found: it counts though it has ended meanwhile.</param>
    /// <returns>What it matches; null if nothing.</returns>
    public Pattern? Examine(int pid, ReclaimConfig config, bool justStarted)
    {
        if (_matcher.Find(pid, config) is not { } pattern || _own.Contains(pid))
        {
            return null;
        }

        // Without such a file it is gone, or the directory keeps none.
        if (ProcessStat.TryParse(processes.Read(pid, "stat"u8, _stat), out var stat) && (stat.IsKernelThread || (stat.HasEnded && !justStarted)))
        {
            return null;
        }

        return _cluster.Contains(pid) ? null : pattern;
    }
}
