// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>How often each kind of fault has really met somebody.</summary>
internal sealed class Counts
{
    private readonly long[] _of = new long[Enum.GetValues<FaultKind>().Length];

    public long this[FaultKind kind] => _of[(int)kind];

    /// <summary>One more.</summary>
    public void Add(FaultKind kind) => _of[(int)kind]++;

    /// <summary>Adds what another run counted.</summary>
    public void Add(IReadOnlyList<long> other)
    {
        for (var i = 0; i < _of.Length; i++)
        {
            _of[i] += other[i];
        }
    }

    public IReadOnlyList<long> All => _of;
}
