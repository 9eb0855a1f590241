// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How much may be held of what servers say that somebody chose who is not trusted.</summary>
public sealed record CacheLimits
{
    /// <summary>The largest answer of such a server that is taken, after inflation, and the largest event: 8 MiB.</summary>
    public const int MaxAnswerBytes = 8 << 20;

    /// <summary>The largest object in it. What a store of Kubernetes takes is smaller.</summary>
    public const int MaxObjectBytes = 2 << 20;

    /// <summary>A server that is connected to counts as so many bytes, though it says nothing: connection, TLS, watches.</summary>
    public const int LeastOfAServer = 96 << 10;

    /// <summary>An event counts as so many bytes at least: whoever hears of it has work too.</summary>
    internal const int LeastOfAnEvent = 2 << 10;

    /// <summary>One that can't be decoded counts as so many: an exception takes some time.</summary>
    internal const int Undecodable = 64 << 10;

    /// <summary>How many objects one watch may tell of; 20,000 by default.</summary>
    public int WatchObjects { get; init; } = 20_000;

    /// <summary>How many objects are held of one server; 150,000 by default.</summary>
    public int ServerObjects { get; init; } = 150_000;

    /// <summary>How many bytes are held of one server, answers that are being read included; 64 MiB by default.</summary>
    public long ServerBytes { get; init; } = 64L << 20;

    /// <summary>How many bytes are held of all servers together; 96 MiB by default.</summary>
    public long TotalBytes { get; init; } = 96L << 20;

    /// <summary>How many bytes a second of one server are decoded in the long run; 4 MiB by default.</summary>
    public long BytesPerSecond { get; init; } = 4L << 20;

    /// <summary>How many bytes of one server are decoded at once before that counts; 64 MiB by default.</summary>
    public long BurstBytes { get; init; } = 64L << 20;
}
