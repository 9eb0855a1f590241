// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Hosting;

/// <summary>
/// Which of the machines are this instance's, where several share them (contract, section 10). By rendezvous hashing: each
/// machine goes to the instance that draws the highest number for it. With one instance more, each machine stays where it is
/// or goes to the new one, as about one in <c>Count + 1</c> does.
/// </summary>
/// <param name="Id">This instance: 0 to <paramref name="Count"/> - 1.</param>
/// <param name="Count">How many there are; at least 1.</param>
public sealed record InstanceShare(int Id = 0, int Count = 1)
{
    /// <summary>The most that there may be.</summary>
    public const int MaxCount = 100;

    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>Whether a machine is this instance's.</summary>
    /// <param name="machine">Its namespace and name. What comes of them must be the same in every version: two that are at
    /// odds would both work on a machine.</param>
    public bool Owns(ObjectKey machine) => Count == 1 || OwnerOf(machine, Count) == Id;

    /// <summary>The Lease of this instance.</summary>
    /// <param name="name">Their common name; that of one that is alone.</param>
    public string LeaseName(string name) => Count == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{Id}");

    private static int OwnerOf(ObjectKey machine, int count)
    {
        var hash = Hash(Hash(Hash(FnvOffset, machine.Namespace), "/"), machine.Name);
        var (owner, highest) = (0, 0UL);
        for (var id = 0; id < count; id++)
        {
            var drawn = Mix(hash ^ Mix((ulong)id + 1));
            if (drawn > highest)
            {
                (owner, highest) = (id, drawn);
            }
        }

        return owner;
    }

    // Names are of ASCII characters. FNV-1a, whose low bits alone would do; hence the mixing.
    private static ulong Hash(ulong hash, string text)
    {
        foreach (var character in MemoryMarshal.Cast<char, ushort>(text))
        {
            hash = (hash ^ character) * FnvPrime;
        }

        return hash;
    }

    // The finalizer of SplitMix64: each bit of what goes in changes about half of those that come out.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
