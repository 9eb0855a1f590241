// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// The processes that a poll has seen, each with its name and the beginning of its command line as they were, to tell
/// cheaply which are new or run something else. For one thread.
/// </summary>
/// <remarks>
/// Most of what a look at a process costs is opening a file, so that of its name stays open: a kept file reads what the
/// process is now, and nothing once it is gone, even when another has got its pid. Beyond <see cref="MostKept"/> processes,
/// or half of the files that may be open, they are opened each time. Command lines are in the memory of the process, and
/// dearer: they are looked at in each of the first <see cref="YoungFor"/> rounds, when a process runs what it was made for,
/// and in one of as many later on. So what runs another program under its old name is noticed that much later. The list of
/// processes is made only if one has begun since the last time, which the kernel tells.
/// </remarks>
internal sealed class ProcessTable(ProcessDirectory processes, int mostKept = ProcessTable.MostKept) : IDisposable
{
    /// <summary>For how many processes files are kept open.</summary>
    public const int MostKept = 2048;

    /// <summary>For how many rounds a process is looked at closely, and how many rounds then pass from one close look to
    /// the next.</summary>
    public const int YoungFor = 16;

    private const int NotKept = -1;
    private const int NameLength = 64;
    private const int CommandLineLength = 256;

    private readonly Dictionary<int, Entry> _seen = [];
    private readonly byte[] _list = new byte[32 << 10];
    private readonly byte[] _look = new byte[CommandLineLength];
    private readonly List<int> _pids = [];
    private readonly int _mostKept = (int)Math.Min((ulong)mostKept, ProcessDirectory.MostOpenFiles() / 2);
    private int _round;
    private int _kept;
    private int _lastPid;

    /// <summary>Goes through the processes.</summary>
    /// <param name="changed">Gets each that is new or runs something else since the last call.</param>
    public void Update(Action<int> changed)
    {
        _round++;

        // Asked for first, so that what begins meanwhile is found the next time at the latest.
        var lastPid = processes.LastPid();
        if (lastPid != 0 && lastPid == _lastPid)
        {
            LookAtTheSeen(changed);
            return;
        }

        _lastPid = lastPid;
        var list = processes.OpenList();
        while (NextPids(list, out var pids))
        {
            while (pids.NextPid(out var pid))
            {
                if (Look(pid))
                {
                    changed(pid);
                }
            }
        }

        ProcessDirectory.Close(list);
        ForgetTheGone();
    }

    /// <summary>Goes through the processes, and remembers nothing.</summary>
    /// <param name="act">Gets each.</param>
    public void ForEachPid(Action<int> act)
    {
        var list = processes.OpenList();
        while (NextPids(list, out var pids))
        {
            while (pids.NextPid(out var pid))
            {
                act(pid);
            }
        }

        ProcessDirectory.Close(list);
    }

    /// <summary>Forgets all: the next update finds everything new.</summary>
    public void Clear()
    {
        _lastPid = 0;
        foreach (var entry in _seen.Values)
        {
            Release(entry);
        }

        _seen.Clear();
    }

    public void Dispose() => Clear();

    private bool NextPids(int list, out DirectoryEntries entries)
    {
        var length = ProcessDirectory.ReadNext(list, _list);
        entries = new DirectoryEntries(_list.AsSpan(0, length));
        return length > 0;
    }

    // Half of what a round costs at rest is to make the list.
    private void LookAtTheSeen(Action<int> changed)
    {
        _pids.AddRange(_seen.Keys);
        foreach (var pid in _pids)
        {
            if (Look(pid))
            {
                changed(pid);
            }
        }

        _pids.Clear();
    }

    private void ForgetTheGone()
    {
        foreach (var (pid, entry) in _seen)
        {
            if (entry.Round != _round)
            {
                _pids.Add(pid);
            }
        }

        foreach (var pid in _pids)
        {
            Release(_seen[pid]);
            _seen.Remove(pid);
        }

        _pids.Clear();
    }

    private bool Look(int pid)
    {
        if (_seen.TryGetValue(pid, out var entry) && LookAt(pid, entry) is { } now)
        {
            _seen[pid] = now;
            return now.Name != entry.Name || now.CommandLine != entry.CommandLine;
        }

        // New, or another with the pid of one that is gone.
        Release(entry);
        entry = Keep(pid);
        if (LookAt(pid, entry) is { } first)
        {
            _seen[pid] = first;
            return true;
        }

        Release(entry);
        _seen.Remove(pid);
        return false;
    }

    private Entry Keep(int pid)
    {
        var file = _kept < _mostKept ? processes.Open(pid, "comm"u8) : NotKept;
        _kept += file >= 0 ? 1 : 0;
        return new Entry { File = Math.Max(file, NotKept), Since = _round };
    }

    private void Release(Entry entry)
    {
        if (entry.Since > 0 && entry.File >= 0)
        {
            ProcessDirectory.Close(entry.File);
            _kept--;
        }
    }

    /// <summary>What the process is now; null if it is gone.</summary>
    private Entry? LookAt(int pid, Entry entry)
    {
        var length = entry.File >= 0
            ? ProcessDirectory.ReadBeginning(entry.File, _look.AsSpan(0, NameLength))
            : processes.Read(pid, "comm"u8, _look.AsSpan(0, NameLength)).Length;

        // Every process has a name, if only that of what it was forked from.
        if (length <= 0)
        {
            return null;
        }

        var name = Digest(_look.AsSpan(0, length));
        var isClose = _round - entry.Since < YoungFor || (pid + _round) % YoungFor == 0 || name != entry.Name;
        return entry with
        {
            Name = name,
            CommandLine = isClose ? Digest(processes.Read(pid, "cmdline"u8, _look)) : entry.CommandLine,
            Round = _round,
        };
    }

    private static int Digest(ReadOnlySpan<byte> bytes)
    {
        var digest = default(HashCode);
        digest.AddBytes(bytes);
        return digest.ToHashCode();
    }

    private readonly record struct Entry
    {
        /// <summary>The file of the name, if it is kept open.</summary>
        public int File { get; init; }

        /// <summary>The round in which it was first seen; 0 for none.</summary>
        public int Since { get; init; }

        /// <summary>The round in which it was last seen.</summary>
        public int Round { get; init; }

        /// <summary>Stands for its name.</summary>
        public int Name { get; init; }

        /// <summary>Stands for the beginning of its command line.</summary>
        public int CommandLine { get; init; }
    }
}
