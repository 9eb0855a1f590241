// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// How far the evictions of a Node's Pods are, or their deletions, and which of them may be asked for now. They are asked for
/// side by side. But what fails for one Pod mostly fails for all: so the first answers are awaited before there are many; what
/// has failed is tried again one Pod at a time; and while nothing but failures comes back, nothing else is asked for either.
/// So a call that keeps failing costs at most ten requests a minute, whatever the number of Pods (contract, section 5). Nor is
/// a budget that is in the way of many Pods asked for each of them, again and again. And a server that refuses each Pod for a reason
/// of its own is asked for some Pods at a time: the number of its Pods, and of its reasons, is its own to choose.
/// </summary>
/// <remarks>Whoever has it sees to it that it is not used by two threads at once.</remarks>
/// <param name="atOnce">How many answers are awaited at most: no more are begun than can be asked for.</param>
public sealed class PodCalls(int atOnce)
{
    // With what is tried again in the first minute, after 1, 3, 7, 15 and 31 s, fewer than ten.
    private const int Tolerated = 4;
    private const int Remembered = 1000;

    // Each is asked for one Pod in five seconds; what is named beyond counts as one.
    private const int MostHolders = 32;
    private const string OtherHolders = "";

    // More Pods than a Node is made for. Refused one after the other, they are reason enough to wait for one that is not.
    private const int MostRefused = 500;

    // What a server says of a Pod may be something else for each of a hundred thousand: so many of it are kept, and that long.
    private const int MostWords = 100;
    private const int LongestWords = 400;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    // A budget allows the next Pod as soon as the one before is ready elsewhere, which nothing that is watched here shows.
    private static readonly TimeSpan LongestWaitForABudget = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    // The watch shows within moments what has come of a call that was accepted. If it doesn't, the call is made again.
    private static readonly TimeSpan ShownWithin = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pause> _holders = new(StringComparer.Ordinal);
    private Pause _retries;
    private int _failuresInARow;
    private int _refusedInARow;
    private DateTimeOffset _holdersLookedAt;
    private int _asked;
    private int _words;
    private bool _isHeard;

    /// <summary>How many answers are awaited.</summary>
    public int UnderWay { get; private set; }

    private bool IsClosed => _failuresInARow >= Tolerated;

    /// <summary>Why a Pod does not go, in words that follow its name; null if nothing is known to be in its way.</summary>
    public string? TroubleOf(Pod pod) => _calls.GetValueOrDefault(pod.Uid)?.Trouble;

    /// <summary>The Pods for which the call is to be made now.</summary>
    /// <param name="pods">All for which it is to be made some time.</param>
    /// <param name="now">The time.</param>
    /// <param name="lookAgain">When it is to be made for others, though no answer has come and no Pod has changed; null for
    /// never.</param>
    public ImmutableArray<Pod> Due(IReadOnlyList<Pod> pods, DateTimeOffset now, out DateTimeOffset? lookAgain)
    {
        Forget(pods);
        var due = ImmutableArray.CreateBuilder<Pod>();
        lookAgain = null;
        Pod? probe = null;
        var isProbing = false;
        Dictionary<string, Pod?>? held = null;
        var room = IsClosed || _refusedInARow >= MostRefused ? 0 : (_isHeard ? atOnce : Math.Min(atOnce, Tolerated - _failuresInARow)) - UnderWay;
        foreach (var pod in pods)
        {
            var call = _calls.GetValueOrDefault(pod.Uid);
            if (call is { IsUnderWay: true })
            {
                isProbing |= call.IsProbe;
                if (call.HeldBy is { } asked)
                {
                    (held ??= new(StringComparer.Ordinal))[asked] = null;
                }
            }
            else if (call?.NotBefore > now)
            {
                lookAgain = Earlier(lookAgain, call.NotBefore.Value);
            }
            else if (IsProbe(call))
            {
                probe = probe is null || AskedBefore(pod, probe) ? pod : probe;
            }
            else if (call?.HeldBy is { } holder)
            {
                held ??= new(StringComparer.Ordinal);
                if (!held.TryGetValue(holder, out var first) || (first is not null && AskedBefore(pod, first)))
                {
                    held[holder] = pod;
                }
            }
            else if (room > 0)
            {
                room--;
                due.Add(pod);
            }
        }

        if (probe is not null && !isProbing)
        {
            lookAgain = AddOrWait(due, probe, _retries, now, lookAgain);
        }

        foreach (var (holder, pod) in held ?? [])
        {
            if (pod is not null)
            {
                lookAgain = AddOrWait(due, pod, _holders.GetValueOrDefault(holder), now, lookAgain);
            }
        }

        return due.ToImmutable();
    }

    /// <summary>The call is about to be made for a Pod.</summary>
    /// <returns>False if it is under way.</returns>
    public bool Begin(Pod pod)
    {
        if (!_calls.TryGetValue(pod.Uid, out var call))
        {
            _calls[pod.Uid] = call = new Call();
        }

        if (call.IsUnderWay)
        {
            return false;
        }

        call.IsProbe = IsProbe(call);
        call.IsUnderWay = true;
        call.Asked = ++_asked;
        UnderWay++;
        return true;
    }

    /// <summary>Whether a call that had to wait for others before it could be made is still to be made. If not, it is over.</summary>
    public bool GoesOn(Pod pod)
    {
        var call = _calls[pod.Uid];
        if (!IsClosed || call.IsProbe)
        {
            return true;
        }

        call.IsUnderWay = false;
        call.Asked = 0;
        UnderWay--;
        return false;
    }

    /// <summary>The answer of a call has come.</summary>
    public void Answered(Pod pod, PodAnswer answer, DateTimeOffset now)
    {
        var call = _calls[pod.Uid];
        var (before, heldBefore) = (call.Last, call.HeldBy);
        call.IsUnderWay = false;
        UnderWay--;
        call.Times = before == answer.Kind ? call.Times + 1 : 1;
        call.Last = answer.Kind;
        Note(call, answer);
        call.HeldBy = answer.Kind is PodAnswerKind.NotNow ? HolderOf(pod, answer, now) : null;
        call.NotBefore = null;
        var asked = answer.RetryAfter < LongestRetryAfter ? answer.RetryAfter : answer.RetryAfter is null ? null : LongestRetryAfter;
        if (answer.Kind is PodAnswerKind.Failed)
        {
            _failuresInARow++;
            _retries = _retries.After(now, call.IsProbe, LongestRetry, asked);
            return;
        }

        _isHeard = true;
        _failuresInARow = 0;
        _refusedInARow = answer.Kind is PodAnswerKind.NotNow ? _refusedInARow + 1 : 0;
        if (call.IsProbe)
        {
            // What was accepted and had no effect is as good as failed.
            _retries = (before, answer.Kind) is (PodAnswerKind.Accepted, PodAnswerKind.Accepted) ? _retries.After(now, isNext: true, LongestRetry, asked) : default;
        }

        if (answer.Kind is PodAnswerKind.Accepted)
        {
            call.NotBefore = now + Backoff(ShownWithin, call.Times, LongestRetryAfter);
            if (heldBefore is not null)
            {
                _holders.Remove(heldBefore);
            }
        }
        else if (call.HeldBy is { } holder)
        {
            _holders[holder] = _holders.GetValueOrDefault(holder).After(now, holder == heldBefore, LongestWaitForABudget, asked);
        }
    }

    // What is refused without a name is refused for itself alone.
    private string HolderOf(Pod pod, PodAnswer answer, DateTimeOffset now)
    {
        var holder = answer.HeldBy is { Length: > LongestWords } ? OtherHolders : answer.HeldBy ?? pod.Uid;
        if (_holders.ContainsKey(holder))
        {
            return holder;
        }

        if (_holders.Count >= MostHolders && (now - _holdersLookedAt).Duration() >= LongestWaitForABudget)
        {
            _holdersLookedAt = now;
            var inTheWay = _calls.Values.Select(static call => call.HeldBy).ToHashSet();
            foreach (var former in _holders.Keys.Where(former => !inTheWay.Contains(former)).ToList())
            {
                _holders.Remove(former);
            }
        }

        return _holders.Count < MostHolders ? holder : OtherHolders;
    }

    private void Note(Call call, PodAnswer answer)
    {
        _words -= call.Trouble is null ? 0 : 1;
        var isKept = answer.Trouble is not null && _words < MostWords;
        _words += isKept ? 1 : 0;
        call.Trouble = isKept ? ForeignText.Line(answer.Trouble, LongestWords) : null;
    }

    // What has gone is not asked for again, and new Pods may come for ever.
    private void Forget(IReadOnlyList<Pod> pods)
    {
        if (_calls.Count <= (2 * pods.Count) + Remembered)
        {
            return;
        }

        var there = pods.Select(static pod => pod.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, call) in _calls)
        {
            if (!call.IsUnderWay && !there.Contains(uid))
            {
                _words -= call.Trouble is null ? 0 : 1;
                _calls.Remove(uid);
            }
        }
    }

    private bool IsProbe(Call? call) => IsClosed || call?.Last is PodAnswerKind.Failed or PodAnswerKind.Accepted;

    // What was never asked for comes first.
    private bool AskedBefore(Pod one, Pod other) =>
        (_calls.GetValueOrDefault(one.Uid)?.Asked ?? 0) < (_calls.GetValueOrDefault(other.Uid)?.Asked ?? 0);

    private static DateTimeOffset? AddOrWait(ImmutableArray<Pod>.Builder due, Pod pod, Pause pause, DateTimeOffset now, DateTimeOffset? lookAgain)
    {
        if (pause.Ends > now)
        {
            return Earlier(lookAgain, pause.Ends.Value);
        }

        due.Add(pod);
        return lookAgain;
    }

    private static TimeSpan Backoff(TimeSpan first, int times, TimeSpan longest)
    {
        var pause = first * Math.Pow(2, Math.Min(times - 1, 16));
        return pause < longest ? pause : longest;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan? other) => other > one ? other.Value : one;

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    private sealed class Call
    {
        public PodAnswerKind? Last { get; set; }

        /// <summary>How often in a row it came to that.</summary>
        public int Times { get; set; }

        public string? Trouble { get; set; }

        public string? HeldBy { get; set; }

        public DateTimeOffset? NotBefore { get; set; }

        /// <summary>The how many-th of all it was when it was last made.</summary>
        public int Asked { get; set; }

        public bool IsUnderWay { get; set; }

        /// <summary>Whether it is made to see whether what failed still does: one at a time.</summary>
        public bool IsProbe { get; set; }
    }

    /// <summary>For how long nothing of a kind is tried again.</summary>
    private readonly record struct Pause(int Times, DateTimeOffset? Ends)
    {
        /// <summary>The pause after another refusal.</summary>
        /// <param name="now">The time.</param>
        /// <param name="isNext">Whether that was the try that this pause was for; else it was made before.</param>
        /// <param name="longest">How long a pause may be.</param>
        /// <param name="asked">How long the server wants it to be at least.</param>
        public Pause After(DateTimeOffset now, bool isNext, TimeSpan longest, TimeSpan? asked)
        {
            var times = isNext ? Times + 1 : Math.Max(Times, 1);
            var ends = now + Longer(Backoff(FirstRetry, times, longest), asked);
            return new Pause(times, Ends > ends ? Ends : ends);
        }
    }
}
