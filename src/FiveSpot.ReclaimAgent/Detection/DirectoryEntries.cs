// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Buffers.Text;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>The pids among the entries of a directory, as getdents64 gives them.</summary>
internal ref struct DirectoryEntries(ReadOnlySpan<byte> entries)
{
    // Of each: inode and offset (8 bytes each), length of the entry (2), type (1), name with its end.
    private const int LengthAt = 16;
    private const int NameAt = 19;

    private ReadOnlySpan<byte> _rest = entries;

    /// <summary>Moves to the next entry that is a process.</summary>
    public bool NextPid(out int pid)
    {
        while (_rest.Length > NameAt)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest[LengthAt..]);
            if (length <= NameAt || length > _rest.Length)
            {
                break;
            }

            var name = _rest[NameAt..length];
            _rest = _rest[length..];
            var end = name.IndexOf((byte)0);
            name = end < 0 ? name : name[..end];
            if (name.Length > 0 && char.IsAsciiDigit((char)name[0])
                && Utf8Parser.TryParse(name, out pid, out var used) && used == name.Length && pid > 0)
            {
                return true;
            }
        }

        pid = 0;
        return false;
    }
}
