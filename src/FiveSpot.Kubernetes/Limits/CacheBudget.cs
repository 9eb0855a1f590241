// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;

namespace FiveSpot.Kubernetes;

/// <summary>
/// What may be held of all servers together that somebody chose who is not trusted, and whose turn it is to have what it says
/// decoded. When there is no room for all of them, whoever chose those that together take the most of it loses the largest, whoever
/// asked for more: many small ones of one tenant don't push out the large one of another.
/// </summary>
public sealed class CacheBudget
{
    private readonly ConcurrentDictionary<string, CacheOwner> _owners = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly List<CacheShare> _shares = [];
    private long _bytes;

    /// <summary>A budget of which nothing is taken.</summary>
    /// <param name="limits">What is allowed; null for the defaults.</param>
    public CacheBudget(CacheLimits? limits = null) => Limits = limits ?? new CacheLimits();

    /// <summary>What is allowed.</summary>
    public CacheLimits Limits { get; }

    /// <summary>How many bytes are held of all servers.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    // Half of the processors are left to those that are trusted, and of the other half each has its turn.
    internal SemaphoreSlim Turns { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>The share of one server, of which nothing is taken. Disposing of it gives all of it back.</summary>
    /// <param name="owner">Who chose the server, such as a namespace.</param>
    public CacheShare Open(string owner = "")
    {
        var share = new CacheShare(this, _owners.GetOrAdd(owner, static _ => new CacheOwner()));
        lock (_lock)
        {
            _shares.Add(share);
        }

        return share;
    }

    internal void Change(CacheShare share, long objects, long bytes)
    {
        CacheShare? over = null;
        TooLargeException? why = null;
        lock (_lock)
        {
            if (share.IsOver)
            {
                return;
            }

            share.Objects += objects;
            share.Bytes += bytes;
            _bytes += bytes;
            if (objects <= 0 && bytes <= 0)
            {
                return;
            }

            if (share.Objects > Limits.ServerObjects)
            {
                (over, why) = (share, new TooLargeException(
                    Words.Line($"It has {share.Objects:N0} objects that would be held; {Limits.ServerObjects:N0} of one cluster are (--workload-cluster-objects)."),
                    share.Objects, Limits.ServerObjects));
            }
            else if (share.Bytes > Limits.ServerBytes)
            {
                (over, why) = (share, new TooLargeException(
                    Words.Line($"What it says takes {Words.Mebibytes(share.Bytes)} MiB of memory; {Words.Mebibytes(Limits.ServerBytes)} MiB of one cluster are held (--workload-cluster-mebibytes)."),
                    share.Bytes, Limits.ServerBytes));
            }
            else if (_bytes > Limits.TotalBytes)
            {
                over = _shares.GroupBy(static one => one.Owner).MaxBy(static all => all.Sum(static one => one.Bytes))!.MaxBy(static one => one.Bytes)!;
                why = new TooLargeException(
                    Words.Line($"What all workload clusters say takes {Words.Mebibytes(_bytes)} MiB of memory; {Words.Mebibytes(Limits.TotalBytes)} MiB of all together are held (--workload-total-mebibytes), and of this one the most: {Words.Mebibytes(over.Bytes)} MiB."),
                    _bytes, Limits.TotalBytes);
            }

            if (over is not null)
            {
                Close(over, why!);
            }
        }

        over?.Tell();
    }

    internal void End(CacheShare share, TooLargeException why)
    {
        lock (_lock)
        {
            if (share.IsOver)
            {
                return;
            }

            Close(share, why);
        }

        share.Tell();
    }

    private void Close(CacheShare share, TooLargeException why)
    {
        share.Excess = why;
        _shares.Remove(share);
        _bytes -= share.Bytes;
        share.Bytes = share.Objects = 0;
    }
}
