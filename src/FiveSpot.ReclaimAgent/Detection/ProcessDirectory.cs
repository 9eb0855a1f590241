// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Text;
using System.Text;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// A directory that looks like <c>/proc</c>. Paths in it are built on the stack and contents are read into the caller's
/// memory: nothing is allocated. A process that is gone is no error: it reads as nothing.
/// </summary>
internal sealed unsafe class ProcessDirectory : IDisposable
{
    private readonly int _root;
    private readonly int _load = -1;

    /// <summary>Opens the directory.</summary>
    /// <exception cref="IOException">There is no such directory, or it may not be read.</exception>
    public ProcessDirectory(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            _root = Libc.OpenAt(-100, name, Libc.PathOnly | Libc.CloseOnExec, 0);
        }

        if (_root < 0)
        {
            throw new IOException($"{path} can't be opened: {Errno.Describe(Errno.Last)}");
        }

        // The kernel tells the last pid of the reader's own pid namespace, whatever the directory shows.
        if (OwnPid() == Environment.ProcessId)
        {
            fixed (byte* load = "loadavg\0"u8)
            {
                _load = Libc.OpenAt(_root, load, Libc.ReadOnly | Libc.CloseOnExec, 0);
            }
        }
    }

    /// <summary>How many files this process may have open at once.</summary>
    public static ulong MostOpenFiles()
    {
        const int OpenFiles = 7;
        var limits = stackalloc ulong[2];
        return Libc.GetLimit(OpenFiles, limits) == 0 ? limits[0] : 0;
    }

    /// <summary>The pid that was given last; while it stays the same, no process or thread has begun. 0 if it can't be known.</summary>
    public int LastPid()
    {
        if (_load < 0)
        {
            return 0;
        }

        Span<byte> buffer = stackalloc byte[128];
        var text = buffer[..Math.Max(0, ReadBeginning(_load, buffer))].TrimEnd((byte)'\n');
        var last = text[(text.LastIndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(last, out int pid, out var used) && used == last.Length ? pid : 0;
    }

    /// <summary>Opens the list of processes, for <see cref="ReadNext"/>.</summary>
    /// <exception cref="IOException">It can't be had; this is no process that is gone.</exception>
    public int OpenList()
    {
        fixed (byte* self = "."u8)
        {
            var list = Libc.OpenAt(_root, self, Libc.ReadOnly | Libc.CloseOnExec, 0);
            return list >= 0 ? list : throw new IOException($"The processes can't be listed: {Errno.Describe(Errno.Last)}");
        }
    }

    /// <summary>Reads some more entries of the list.</summary>
    /// <returns>How many bytes there are now; 0 at its end.</returns>
    public static int ReadNext(int list, Span<byte> entries)
    {
        fixed (byte* buffer = entries)
        {
            return Math.Max(0, (int)Libc.ReadDirectory(list, buffer, entries.Length));
        }
    }

    /// <summary>Opens a file of a process; negative if there is none.</summary>
    public int Open(int pid, ReadOnlySpan<byte> file)
    {
        Span<byte> path = stackalloc byte[32];
        PathOf(pid, file, path);
        fixed (byte* name = path)
        {
            return Libc.OpenAt(_root, name, Libc.ReadOnly | Libc.CloseOnExec, 0);
        }
    }

    /// <summary>Reads the beginning of a file of a process.</summary>
    /// <returns>What there was, within the buffer; empty too if the process is gone.</returns>
    public ReadOnlySpan<byte> Read(int pid, ReadOnlySpan<byte> file, Span<byte> buffer)
    {
        var descriptor = Open(pid, file);
        if (descriptor < 0)
        {
            return default;
        }

        var length = Read(descriptor, buffer);
        Close(descriptor);
        return buffer[..Math.Max(0, length)];
    }

    /// <summary>Where a symbolic link of a process leads; empty if it may not be known.</summary>
    public ReadOnlySpan<byte> ReadLink(int pid, ReadOnlySpan<byte> file, Span<byte> buffer)
    {
        Span<byte> path = stackalloc byte[32];
        PathOf(pid, file, path);
        return buffer[..ReadLink(path, buffer)];
    }

    /// <summary>The pid that this process has in this directory; 0 if it is not in it.</summary>
    public int OwnPid()
    {
        Span<byte> buffer = stackalloc byte[16];
        var self = buffer[..ReadLink("self\0"u8, buffer)];
        return Utf8Parser.TryParse(self, out int pid, out var used) && used == self.Length ? pid : 0;
    }

    /// <summary>Reads on from where a file was left.</summary>
    /// <returns>How many bytes; 0 at its end, negative if the process is gone.</returns>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return (int)Libc.Read(descriptor, start, buffer.Length);
        }
    }

    /// <summary>Reads the beginning of a file that is kept open.</summary>
    /// <returns>How many bytes; negative if the process is gone.</returns>
    public static int ReadBeginning(int descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return (int)Libc.ReadAt(descriptor, start, buffer.Length, 0);
        }
    }

    public static void Close(int descriptor) => _ = Libc.Close(descriptor);

    public void Dispose()
    {
        Close(_root);
        if (_load >= 0)
        {
            Close(_load);
        }
    }

    private int ReadLink(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        fixed (byte* name = path)
        fixed (byte* start = buffer)
        {
            return Math.Max(0, (int)Libc.ReadLinkAt(_root, name, start, buffer.Length));
        }
    }

    private static void PathOf(int pid, ReadOnlySpan<byte> file, Span<byte> path)
    {
        Utf8Formatter.TryFormat(pid, path, out var length);
        path[length++] = (byte)'/';
        file.CopyTo(path[length..]);
        path[length + file.Length] = 0;
    }
}
