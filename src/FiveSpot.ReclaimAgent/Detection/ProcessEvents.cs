// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>The messages of one datagram of the proc connector; what is no such message ends it or is passed over.</summary>
internal ref struct ProcessEvents(ReadOnlySpan<byte> datagram)
{
    // struct nlmsghdr (16 bytes), struct cn_msg (20), struct proc_event: what, cpu, time (16), then what belongs to the kind.
    private const int ConnectorAt = 16;
    private const int EventAt = ConnectorAt + 20;
    private const int DetailAt = EventAt + 16;
    private const uint ProcessConnector = 1;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Moves to the next message.</summary>
    public bool Next(out ProcessEvent found)
    {
        while (_rest.Length >= ConnectorAt)
        {
            var length = (int)Math.Min(int.MaxValue, Number(_rest, 0));
            if (length < ConnectorAt || length > _rest.Length)
            {
                break;
            }

            var message = _rest[..length];
            _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
            if (TryRead(message, out found))
            {
                return true;
            }
        }

        _rest = default;
        found = default;
        return false;
    }

    private static bool TryRead(ReadOnlySpan<byte> message, out ProcessEvent found)
    {
        found = default;
        if (message.Length < DetailAt + 4 || Number(message, ConnectorAt) != ProcessConnector || Number(message, ConnectorAt + 4) != ProcessConnector)
        {
            return false;
        }

        var hasTwo = message.Length >= DetailAt + 8;
        found = new ProcessEvent(
            (ProcessEventKind)Number(message, EventAt),
            Number(message, ConnectorAt + 12),
            (int)Number(message, DetailAt),
            hasTwo ? (int)Number(message, DetailAt + 4) : 0);
        return true;
    }

    // In the machine's own byte order.
    private static uint Number(ReadOnlySpan<byte> bytes, int at) => MemoryMarshal.Read<uint>(bytes[at..]);
}
