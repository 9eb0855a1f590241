// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// Compares processes with the patterns, byte by byte: names and arguments need not be text. Allocates nothing, and needs the
/// same few KiB for any command line. For one thread.
/// </summary>
/// <remarks>
/// The kernel keeps 15 bytes of a name in <c>comm</c>, so a longer command is never equal to it. That its first 15 bytes
/// are is not enough: "libreoffice-bas" may be several programs. Such a command matches by the base name of an argument or
/// of the executable. That of any argument counts, since a program may be what another is told to run: <c>bash /opt/bin/idea</c>.
/// </remarks>
internal sealed class ProcessMatcher(ProcessDirectory processes)
{
    private const int Window = 8 << 10;

    // In bytes, of which a character has at most four.
    private const int LongestPattern = ReclaimToml.LongestPattern * 4;

    private readonly byte[] _name = new byte[256];
    private readonly byte[] _link = new byte[4096];

    // A window, and before it what a pattern that straddles two of them may need.
    private readonly byte[] _window = new byte[LongestPattern + Window];
    private readonly byte[] _baseName = new byte[LongestPattern];

    /// <summary>What a process matches first; null if nothing, or if it is gone.</summary>
    public Pattern? Find(int pid, ReclaimConfig config)
    {
        if (config.IsEmpty)
        {
            return null;
        }

        return FindCommand(CommandName(pid), config)
            ?? FindInCommandLine(pid, config)
            ?? FindExecutable(pid, config);
    }

    private ReadOnlySpan<byte> CommandName(int pid)
    {
        // One line feed is the file's own; the name may have more.
        var name = processes.Read(pid, "comm"u8, _name);
        return name.EndsWith("\n"u8) ? name[..^1] : name;
    }

    private Pattern? FindExecutable(int pid, ReclaimConfig config)
    {
        if (config.Commands.Count == 0)
        {
            return null;
        }

        // Empty for a kernel thread, and for what we may not look at.
        var path = processes.ReadLink(pid, "exe"u8, _link);
        if (path.IsEmpty)
        {
            return null;
        }

        var name = path[(path.LastIndexOf((byte)'/') + 1)..];
        var deleted = " (deleted)"u8;
        return FindCommand(name, config)
            ?? (name.EndsWith(deleted) ? FindCommand(name[..^deleted.Length], config) : null);
    }

    /// <summary>Reads the command line once, through a window: the base names of the arguments, and the substrings.</summary>
    private Pattern? FindInCommandLine(int pid, ReclaimConfig config)
    {
        var file = processes.Open(pid, "cmdline"u8);
        if (file < 0)
        {
            return null;
        }

        try
        {
            return SearchCommandLine(file, config);
        }
        finally
        {
            ProcessDirectory.Close(file);
        }
    }

    private Pattern? SearchCommandLine(int file, ReclaimConfig config)
    {
        var (kept, baseName) = (0, 0);
        Pattern? substring = null;
        while (config.Commands.Count > 0 || substring is null)
        {
            var read = ProcessDirectory.Read(file, _window.AsSpan(kept, Window));
            if (read <= 0)
            {
                break;
            }

            if (config.Commands.Count > 0 && FindArgument(_window.AsSpan(kept, read), config, ref baseName) is { } command)
            {
                return command;
            }

            if (config.Substrings.Count > 0)
            {
                substring ??= FindSubstring(_window.AsSpan(0, kept + read), config, ref kept);
            }
        }

        // The last one without the byte that ends it: a process may have overwritten its arguments.
        return FindGathered(baseName, config) ?? substring;
    }

    /// <summary>Compares the base name of each argument that ends in here, and gathers that of the one which does not.</summary>
    /// <param name="news">What was read.</param>
    /// <param name="config">What is looked for.</param>
    /// <param name="baseName">How long the base name is so far that is gathered; it may be more than is kept of it.</param>
    private Pattern? FindArgument(ReadOnlySpan<byte> news, ReclaimConfig config, ref int baseName)
    {
        while (true)
        {
            var end = news.IndexOf((byte)0);
            Gather(end < 0 ? news : news[..end], ref baseName);
            if (end < 0)
            {
                return null;
            }

            if (FindGathered(baseName, config) is { } command)
            {
                return command;
            }

            baseName = 0;
            news = news[(end + 1)..];
        }
    }

    /// <summary>Gathers what follows the last slash of an argument.</summary>
    private void Gather(ReadOnlySpan<byte> part, ref int baseName)
    {
        var slash = part.LastIndexOf((byte)'/');
        if (slash >= 0)
        {
            baseName = 0;
            part = part[(slash + 1)..];
        }

        if (baseName < _baseName.Length)
        {
            part[..Math.Min(part.Length, _baseName.Length - baseName)].CopyTo(_baseName.AsSpan(baseName));
        }

        baseName += part.Length;
    }

    private Pattern? FindGathered(int baseName, ReclaimConfig config) =>
        baseName <= _baseName.Length ? FindCommand(_baseName.AsSpan(0, baseName), config) : null;

    /// <summary>Looks for substrings in the arguments joined by spaces, and keeps the end for what straddles two windows.</summary>
    private Pattern? FindSubstring(Span<byte> window, ReclaimConfig config, ref int kept)
    {
        // The last byte may be the one that ends the command line, which joins nothing.
        var text = window[^1] == 0 ? window[..^1] : window;
        text.Replace((byte)0, (byte)' ');
        for (var i = 0; i < config.Substrings.Count; i++)
        {
            if (text.IndexOf(config.Substrings[i].Utf8) >= 0)
            {
                return config.Substrings[i];
            }
        }

        // As many as the longest has: of it, all but one byte may be in here, and the byte left out above besides.
        kept = Math.Min(window.Length, config.LongestSubstring);
        window[^kept..].CopyTo(_window);
        return null;
    }

    private static Pattern? FindCommand(ReadOnlySpan<byte> name, ReclaimConfig config)
    {
        if (name.IsEmpty || name.Length > config.LongestCommand)
        {
            return null;
        }

        for (var i = 0; i < config.Commands.Count; i++)
        {
            if (name.SequenceEqual(config.Commands[i].Utf8))
            {
                return config.Commands[i];
            }
        }

        return null;
    }
}
