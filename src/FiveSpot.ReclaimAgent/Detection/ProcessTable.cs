// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// The processes that a poll has seen, each with its name and the beginning of its command line as they were, to tell
/// cheaply which are new or run something else. For one thread.
/// </summary>
/// <remarks>
/// Most of what a look at a process costs is opening a file of it, so both files stay open: a kept file reads what the
/// process is now, and nothing once it is gone, even when another has got its pid. Beyond <see cref="MostKept"/> processes,
/// or half of the files that may be open, they are opened each time.
/// </remarks>
internal sealed class ProcessTable(ProcessDirectory processes, int mostKept = ProcessTable.MostKept) : IDisposable
{
    /// <summary>For how many processes files are kept open.</summary>
    public const int MostKept = 2048;

    private const int NotKept = -1;
    private const int NameLength = 64;
    private const int CommandLineLength = 256;

    private readonly Dictionary<int, Entry> _seen = [];
    private readonly byte[] _list = new byte[32 << 10];
    private readonly byte[] _look = new byte[NameLength + CommandLineLength];
    private readonly List<int> _gone = [];
    private readonly int _mostKept = (int)Math.Min((ulong)mostKept, ProcessDirectory.MostOpenFiles() / 4);
    private int _round;
    private int _kept;

    /// <summary>Goes through the processes.</summary>
    /// <param name="changed">Gets each that is new or runs something else since the last call.</param>
    public void Update(Action<int> changed)
    {
        _round++;
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

    private void ForgetTheGone()
    {
        foreach (var (pid, entry) in _seen)
        {
            if (entry.Round != _round)
            {
                _gone.Add(pid);
            }
        }

        foreach (var pid in _gone)
        {
            Release(_seen[pid]);
            _seen.Remove(pid);
        }

        _gone.Clear();
    }

    private bool Look(int pid)
    {
        var isKnown = _seen.TryGetValue(pid, out var entry);
        if (isKnown && LookAt(pid, ref entry) is { } look)
        {
            var isSame = look == entry.Look;
            _seen[pid] = entry with { Look = look, Round = _round };
            return !isSame;
        }

        // New, or another with the pid of one that is gone.
        if (isKnown)
        {
            Release(entry);
        }

        entry = Keep(pid);
        if (LookAt(pid, ref entry) is { } first)
        {
            _seen[pid] = entry with { Look = first, Round = _round };
            return true;
        }

        Release(entry);
        _seen.Remove(pid);
        return false;
    }

    private Entry Keep(int pid)
    {
        var entry = new Entry { Name = NotKept, CommandLine = NotKept };
        if (_kept >= _mostKept)
        {
            return entry;
        }

        entry.Name = processes.Open(pid, "comm"u8);
        entry.CommandLine = entry.Name < 0 ? NotKept : processes.Open(pid, "cmdline"u8);
        if (entry.CommandLine < 0)
        {
            if (entry.Name >= 0)
            {
                ProcessDirectory.Close(entry.Name);
            }

            entry.Name = NotKept;
            return entry;
        }

        _kept++;
        return entry;
    }

    private void Release(Entry entry)
    {
        if (entry.Name >= 0)
        {
            ProcessDirectory.Close(entry.Name);
            ProcessDirectory.Close(entry.CommandLine);
            _kept--;
        }
    }

    /// <summary>A number that stands for what the process is; null if it is gone.</summary>
    private int? LookAt(int pid, ref Entry entry)
    {
        var name = _look.AsSpan(0, NameLength);
        var commandLine = _look.AsSpan(NameLength, CommandLineLength);
        int nameLength, commandLineLength;
        if (entry.Name >= 0)
        {
            nameLength = ProcessDirectory.ReadBeginning(entry.Name, name);
            commandLineLength = nameLength < 0 ? nameLength : ProcessDirectory.ReadBeginning(entry.CommandLine, commandLine);
        }
        else
        {
            nameLength = processes.Read(pid, "comm"u8, name).Length;
            commandLineLength = processes.Read(pid, "cmdline"u8, commandLine).Length;
        }

        // Every process has a name, if only that of what it was forked from.
        if (nameLength <= 0)
        {
            return null;
        }

        var look = default(HashCode);
        look.AddBytes(name[..nameLength]);
        look.AddBytes(commandLine[..Math.Max(0, commandLineLength)]);
        return look.ToHashCode();
    }

    private record struct Entry
    {
        public int Name { get; set; }

        public int CommandLine { get; set; }

        public int Look { get; init; }

        public int Round { get; init; }
    }
}
