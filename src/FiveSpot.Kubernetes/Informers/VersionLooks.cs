// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>
/// When an informer is to find out at which version its kind is served: when it is told that it is not served, and when a
/// watch ends before its time, as it does when a definition has changed. Discovery may learn of that a little later than the
/// watches do, so that it is asked twice more then; once after a watch that broke off; and never at rest.
/// </summary>
/// <param name="isFollowed">Whether the version may change at all.</param>
/// <param name="time">Measures how long ago it was found out.</param>
internal sealed class VersionLooks(bool isFollowed, TimeProvider time)
{
    // However many are told that something is not served.
    private static readonly TimeSpan BetweenRequests = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan[] Again = [TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5)];

    // A server ends a watch to the second.
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private CancellationTokenSource? _watch;
    private bool _isDue;
    private int _left;
    private long? _foundOut;

    /// <summary>Whether it is to find out before anything else.</summary>
    public bool IsDue
    {
        get
        {
            lock (_lock)
            {
                return _isDue;
            }
        }
    }

    /// <summary>For how long the next watch is to be asked for; null for as long as usual.</summary>
    public TimeSpan? WatchTime => _left > 0 ? Again[_left - 1] : null;

    /// <summary>Somebody was told that what is watched is not served: it is to find out, unless it just has.</summary>
    public void Request()
    {
        bool wasJustFound;
        lock (_lock)
        {
            wasJustFound = _foundOut is { } at && time.GetElapsedTime(at) < BetweenRequests;
        }

        if (!wasJustFound)
        {
            Ask();
        }
    }

    /// <summary>It is to find out now: a watch that is under way is ended for it.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            if (isFollowed && !_isDue)
            {
                _isDue = true;
                _watch?.Cancel();
            }
        }
    }

    /// <summary>A watch begins, which <see cref="Ask"/> ends; or, with null, it is over.</summary>
    public void Watching(CancellationTokenSource? watch)
    {
        lock (_lock)
        {
            _watch = watch;
            if (_isDue)
            {
                watch?.Cancel();
            }
        }
    }

    /// <summary>The server ended a watch in an orderly way.</summary>
    /// <param name="after">After so long.</param>
    /// <param name="asked">It was asked for so long.</param>
    public void WatchEnded(TimeSpan after, TimeSpan asked)
    {
        if (isFollowed && after < asked - Early)
        {
            _left = Again.Length;
            Ask();
        }
        else if (_left > 0)
        {
            _left--;
            Ask();
        }
    }

    /// <summary>A watch broke off: what was changed meanwhile, nobody has told.</summary>
    public void WatchBroke()
    {
        if (isFollowed && _left == 0)
        {
            _left = 1;
        }
    }

    /// <summary>It has found out, or could not.</summary>
    public void Done(bool hasFailed)
    {
        lock (_lock)
        {
            _isDue = false;
            _foundOut = time.GetTimestamp();
        }

        if (hasFailed)
        {
            WatchBroke();
        }
    }
}
