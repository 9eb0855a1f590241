// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// Which steps have failed, of which machine, and until when they are not to be tried again. A machine is looked at whenever
/// something about it changes, also while one of its calls keeps failing: what bounds such calls is each one's own back-off
/// (contract, section 5: at most ten requests a minute). Lost with the process, which then tries once.
/// </summary>
/// <param name="clock">The clock of back-off.</param>
/// <param name="jitter">Numbers in [0, 1) by which back-offs are spread; null for random ones.</param>
/// <param name="keys">Tells machines apart; null for the default.</param>
public sealed class StepFailures(TimeProvider clock, Func<double>? jitter = null, IEqualityComparer<ObjectKey>? keys = null)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(5);

    private readonly Func<double> _jitter = jitter ?? Random.Shared.NextDouble;
    private readonly ConcurrentDictionary<ObjectKey, Failures> _of = new(keys ?? EqualityComparer<ObjectKey>.Default);

    /// <summary>The failures of a machine that still count, by the names of their steps.</summary>
    public ImmutableDictionary<string, StepFailure> Of(ScheduledMachine machine)
    {
        if (!_of.TryGetValue(machine.Key, out var known))
        {
            return ImmutableDictionary<string, StepFailure>.Empty;
        }

        // Another spec, or another object of that name, may be what mends it.
        if (known.Uid != machine.Uid || known.Generation != machine.Metadata.Generation)
        {
            Forget(machine.Key);
            return ImmutableDictionary<string, StepFailure>.Empty;
        }

        // What was not tried again for so long is not wanted any more; should it be one day, it begins anew. A clock that was
        // put back leaves instants that are too far ahead.
        var now = clock.GetUtcNow();
        return known.Steps.Values.All(failure => Counts(failure, now))
            ? known.Steps
            : known.Steps.Where(pair => Counts(pair.Value, now)).ToImmutableDictionary();
    }

    /// <summary>Notes that a step failed.</summary>
    /// <param name="machine">Whose it is.</param>
    /// <param name="step">Its name.</param>
    /// <param name="failure">What happened; how often, and until when it is not tried again, is reckoned here.</param>
    /// <param name="retryAfter">How long the server wants to be left alone, if it said so.</param>
    /// <param name="last">The failure before, where it has been removed since.</param>
    /// <returns>The failure as it is noted.</returns>
    public StepFailure Add(ScheduledMachine machine, string step, StepFailure failure, TimeSpan? retryAfter = null, StepFailure? last = null)
    {
        var now = clock.GetUtcNow();
        var before = Of(machine);
        last = before.GetValueOrDefault(step) ?? last;
        var attempt = (last?.Attempt ?? 0) + 1;
        var backOff = BackOff(attempt);
        var noted = failure with
        {
            Attempt = attempt,
            Since = last?.Since ?? now,
            NotBefore = now + (retryAfter > backOff ? Shorter(retryAfter.Value, LongestBackOff) : backOff),
        };
        _of[machine.Key] = new Failures(machine.Uid, machine.Metadata.Generation, before.SetItem(step, noted));
        return noted;
    }

    /// <summary>Notes that a step succeeded.</summary>
    public void Remove(ScheduledMachine machine, string step)
    {
        if (_of.TryGetValue(machine.Key, out var known) && known.Steps.ContainsKey(step))
        {
            _of[machine.Key] = known with { Steps = known.Steps.Remove(step) };
        }
    }

    /// <summary>Forgets a machine, which is gone.</summary>
    public void Forget(ObjectKey machine) => _of.TryRemove(machine, out _);

    /// <summary>What failed because nobody answered need not wait any longer.</summary>
    /// <returns>The machines that it concerns.</returns>
    public IReadOnlyList<ObjectKey> EndBackOffs()
    {
        var now = clock.GetUtcNow();
        List<ObjectKey> concerned = [];
        foreach (var (key, known) in _of)
        {
            if (known.Steps.Values.Any(failure => failure.NotBefore > now))
            {
                _of.TryUpdate(key, known with { Steps = known.Steps.ToImmutableDictionary(pair => pair.Key, pair => pair.Value with { NotBefore = now }) }, known);
                concerned.Add(key);
            }
        }

        return concerned;
    }

    private static bool Counts(StepFailure failure, DateTimeOffset now) =>
        failure.NotBefore > now - LongestBackOff && failure.NotBefore <= now + LongestBackOff;

    // 1 s, 3 s, 9 s and so on: five attempts in the first minute leave room for the report. Between three quarters of it and all of it:
    // what failed together does not come back together.
    private TimeSpan BackOff(int attempt) =>
        Shorter(FirstBackOff * Math.Pow(3, Math.Min(attempt - 1, 16)), LongestBackOff) * (0.75 + (0.25 * _jitter()));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private sealed record Failures(string Uid, long Generation, ImmutableDictionary<string, StepFailure> Steps);
}
