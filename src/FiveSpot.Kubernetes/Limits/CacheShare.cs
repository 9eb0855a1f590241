// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What is held of one server that somebody chose who is not trusted: objects in caches, and answers that are being
/// read. Once it is too much nothing more is taken of that server: <see cref="Exceeded"/> says so, and whoever reads is stopped.
/// </summary>
public sealed class CacheShare : IDisposable
{
    private readonly CacheBudget _budget;
    private readonly CancellationTokenSource _exceeded = new();
    private readonly Pace _decoded;

    internal CacheShare(CacheBudget budget, CacheOwner owner)
    {
        _budget = budget;
        Owner = owner;
        _decoded = new Pace(budget.Limits.BurstBytes, budget.Limits.BytesPerSecond);
        Exceeded = _exceeded.Token;
    }

    /// <summary>Who chose the server: all that one has chosen count together against what others have.</summary>
    internal CacheOwner Owner { get; }

    /// <summary>How many names of servers that the same one chose are looked up at once.</summary>
    internal SemaphoreSlim Lookups => Owner.Lookups;

    /// <summary>How long to leave somebody asleep whom something is to wake that the server says.</summary>
    public TimeSpan PauseAfterWake(TimeProvider time) => Owner.Wakes.PauseAfter(1, time);

    /// <summary>Cancelled once it is too much.</summary>
    public CancellationToken Exceeded { get; }

    /// <summary>Why it is too much; null while it is not.</summary>
    public TooLargeException? Excess { get; internal set; }

    /// <summary>What is allowed.</summary>
    public CacheLimits Limits => _budget.Limits;

    /// <summary>How many objects are held.</summary>
    public long Objects { get; internal set; }

    /// <summary>How many bytes are held.</summary>
    public long Bytes { get; internal set; }

    internal bool IsOver => Excess is not null;

    /// <summary>Takes room, or with negative numbers gives it back.</summary>
    public void Change(long objects, long bytes) => _budget.Change(this, objects, bytes);

    /// <summary>Takes room.</summary>
    /// <exception cref="TooLargeException">There is none.</exception>
    public void Take(long objects, long bytes)
    {
        Change(objects, bytes);
        ThrowIfExceeded();
    }

    /// <summary>Nothing more is to be taken of the server.</summary>
    public void End(TooLargeException why) => _budget.End(this, why);

    /// <inheritdoc/>
    public void Dispose() => End(new TooLargeException("It is closed.", 0, 0));

    internal void ThrowIfExceeded()
    {
        if (Excess is { } excess)
        {
            throw new TooLargeException(excess.Message, excess.Found, excess.Allowed);
        }
    }

    // Whoever hears of it goes on on a thread of its own: this one may hold the lock of a cache.
    internal void Tell() => _ = _exceeded.CancelAsync();

    /// <summary>Waits for the server's turn to have something decoded.</summary>
    internal Task BeginTurnAsync(CancellationToken cancellationToken) => _budget.Turns.WaitAsync(cancellationToken);

    /// <summary>Lets the next have its turn.</summary>
    internal void EndTurn() => _budget.Turns.Release();

    /// <summary>Counts work that its bytes don't show as that many more of them.</summary>
    internal void Charge(long bytes) => _decoded.Charge(bytes);

    /// <summary>How long to leave the server unread, after that many bytes more that were decoded.</summary>
    internal TimeSpan PauseAfter(long bytes, TimeProvider time) => _decoded.PauseAfter(bytes, time);
}
