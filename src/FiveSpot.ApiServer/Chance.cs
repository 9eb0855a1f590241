// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;

namespace FiveSpot.ApiServer;

/// <summary>What is left to chance: of a source that can be given, so that it can be repeated, or of one that nobody can guess.</summary>
/// <param name="random">The source; null for the system's.</param>
internal sealed class Chance(Random? random)
{
    private readonly Lock _lock = new();

    /// <summary>A new uid.</summary>
    public string Uid()
    {
        if (random is null)
        {
            return Guid.NewGuid().ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            random.NextBytes(bytes);
        }

        // Version 4, as RFC 9562 has it.
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Some of these letters.</summary>
    public string Letters(string choices, int count)
    {
        if (random is null)
        {
            return RandomNumberGenerator.GetString(choices, count);
        }

        lock (_lock)
        {
            return random.GetString(choices, count);
        }
    }

    /// <summary>A number from <paramref name="least"/> up to, not including, <paramref name="end"/>.</summary>
    public int Between(int least, int end)
    {
        lock (_lock)
        {
            return (random ?? Random.Shared).Next(least, end);
        }
    }
}
