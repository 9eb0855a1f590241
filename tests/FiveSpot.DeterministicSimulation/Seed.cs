// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// Where every choice comes from. Each purpose has a source of its own, so that one choice more or fewer there changes nothing
/// elsewhere: what is left when a fault is taken away goes on as before for as long as it can.
/// </summary>
internal readonly record struct Seed(ulong Value)
{
    /// <summary>The source of one purpose.</summary>
    public Random For(string purpose) => new(NumberOf(purpose));

    /// <summary>A number for a purpose.</summary>
    public int NumberOf(string purpose)
    {
        // FNV-1a, mixed: the same in each process, which the hash codes of .NET are not.
        var hash = 14695981039346656037UL ^ Value;
        foreach (var letter in purpose)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        return (int)(hash & int.MaxValue);
    }
}
