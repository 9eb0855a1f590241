// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Text;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>What of <c>/proc/&lt;pid&gt;/stat</c> decides whether a process counts.</summary>
/// <param name="State">A letter; <c>Z</c> for a process that has ended and is still listed.</param>
/// <param name="Parent">Its parent's pid.</param>
/// <param name="Flags">The kernel's flags.</param>
internal readonly record struct ProcessStat(char State, int Parent, uint Flags)
{
    private const uint KernelThread = 0x0020_0000;

    /// <summary>Whether it is a thread of the kernel and no program.</summary>
    public bool IsKernelThread => (Flags & KernelThread) != 0;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => State is 'Z' or 'X' or 'x';

    /// <summary>Reads the file's contents.</summary>
    /// <param name="stat"><c>pid (name) state ppid pgrp session tty tpgid flags …</c>; the name may hold anything.</param>
    /// <param name="parsed">The result.</param>
    /// <returns>Whether it is such a file's contents.</returns>
    public static bool TryParse(ReadOnlySpan<byte> stat, out ProcessStat parsed)
    {
        parsed = default;
        var name = stat.LastIndexOf((byte)')');
        if (name < 0 || stat.Length < name + 4 || stat[name + 1] != ' ' || stat[name + 3] != ' ')
        {
            return false;
        }

        var rest = stat[(name + 4)..];
        if (!TryNumber(ref rest, out var parent) || parent is < 0 or > int.MaxValue)
        {
            return false;
        }

        for (var i = 0; i < 4; i++)
        {
            if (!TryNumber(ref rest, out _))
            {
                return false;
            }
        }

        if (!TryNumber(ref rest, out var flags) || flags is < 0 or > uint.MaxValue)
        {
            return false;
        }

        parsed = new ProcessStat((char)stat[name + 2], (int)parent, (uint)flags);
        return true;
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> rest, out long number)
    {
        if (!Utf8Parser.TryParse(rest, out number, out var used))
        {
            return false;
        }

        rest = rest[Math.Min(used + 1, rest.Length)..];
        return true;
    }
}
