// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.DeterministicSimulation;

/// <summary>What happened, line by line: its digest tells two runs apart, and people may read it.</summary>
internal sealed class Trace(VirtualTime time, TextWriter? output)
{
    private ulong _digest = 14695981039346656037UL;

    /// <summary>A number that two equal traces have in common.</summary>
    public ulong Digest => _digest;

    /// <summary>How many lines there were.</summary>
    public long Lines { get; private set; }

    /// <summary>Notes something.</summary>
    public void Add(string who, string what)
    {
        Lines++;
        Mix(time.Elapsed.Ticks);
        Mix(who);
        Mix(what);
        output?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.Elapsed:d\\.hh\\:mm\\:ss\\.fff} {who,-12} {what}"));
    }

    private void Mix(string text)
    {
        foreach (var letter in text)
        {
            Mix(letter);
        }
    }

    private void Mix(long value) => _digest = (_digest ^ (ulong)value) * 1099511628211UL;
}
