// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>
/// Compares processes with the patterns, byte by byte: names and arguments need not be text. Allocates nothing, and needs the
/// same few KiB for any command line. For one thread.
/// </summary>
/// <remarks>
/// The kernel keeps 15 bytes of a name in <c>comm</c>, so a longer command is never equal to it. That its first 15 bytes
/// are is not enough: "libreoffice-bas" may be several programs. Such a command matches by the base name of
/// <c>argv[0]</c> or of the executable.
/// </remarks>
internal sealed class ProcessMatcher(ProcessDirectory processes)
{
    private const int Window = 8 << 10;

    private readonly byte[] _name = new byte[256];
    private readonly byte[] _link = new byte[4096];

    // A window, and before it what a pattern that straddles two of them may need: at most 3 bytes a character.
    private readonly byte[] _window = new byte[(ReclaimToml.LongestPattern * 3) + Window];
    private readonly byte[] _baseName = new byte[ReclaimToml.LongestPattern * 3];

    /// <summary>What a process matches first; null if nothing, or if it is gone.</summary>
    public Pattern? Find(int pid, ReclaimConfig config)
    {
        if (config.IsEmpty)
        {
            return null;
        }

        return FindCommand(CommandName(pid), config.Commands)
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
        return FindCommand(name, config.Commands)
            ?? (name.EndsWith(deleted) ? FindCommand(name[..^deleted.Length], config.Commands) : null);
    }

    /// <summary>Reads the command line once, through a window: the base name of <c>argv[0]</c>, and the substrings.</summary>
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
        var (kept, baseName, inFirst) = (0, 0, config.Commands.Count > 0);
        Pattern? substring = null;
        while (inFirst || (config.Substrings.Count > 0 && substring is null))
        {
            var read = ProcessDirectory.Read(file, _window.AsSpan(kept, Window));
            if (read <= 0)
            {
                break;
            }

            var news = _window.AsSpan(kept, read);
            if (inFirst && EndsFirst(news, ref baseName))
            {
                inFirst = false;
                if (FindCommand(_baseName.AsSpan(0, Math.Min(baseName, _baseName.Length)), config.Commands, baseName) is { } command)
                {
                    return command;
                }
            }

            substring ??= FindSubstring(_window.AsSpan(0, kept + read), config, ref kept);
        }

        // Without the byte that ends it: a process may have overwritten its arguments.
        return (inFirst ? FindCommand(_baseName.AsSpan(0, Math.Min(baseName, _baseName.Length)), config.Commands, baseName) : null) ?? substring;
    }

    /// <summary>Gathers what follows the last slash of <c>argv[0]</c>; its length may be more than is kept of it.</summary>
    /// <returns>Whether <c>argv[0]</c> ends in here.</returns>
    private bool EndsFirst(ReadOnlySpan<byte> news, ref int baseName)
    {
        var end = news.IndexOf((byte)0);
        var part = end < 0 ? news : news[..end];
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
        return end >= 0;
    }

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

    private static Pattern? FindCommand(ReadOnlySpan<byte> name, IReadOnlyList<Pattern> commands) => FindCommand(name, commands, name.Length);

    private static Pattern? FindCommand(ReadOnlySpan<byte> name, IReadOnlyList<Pattern> commands, int wholeLength)
    {
        if (wholeLength == 0 || wholeLength != name.Length)
        {
            return null;
        }

        for (var i = 0; i < commands.Count; i++)
        {
            if (name.SequenceEqual(commands[i].Utf8))
            {
                return commands[i];
            }
        }

        return null;
    }
}
