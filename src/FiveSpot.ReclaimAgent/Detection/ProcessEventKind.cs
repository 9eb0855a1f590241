// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>What the proc connector tells of, by the kernel's numbers; there are more that the agent has no use for.</summary>
internal enum ProcessEventKind : uint
{
    /// <summary>None: it is the answer to a question.</summary>
    Answer = 0,

    /// <summary>A process runs another program.</summary>
    Exec = 0x2,

    /// <summary>A thread has another name.</summary>
    Comm = 0x200,
}
