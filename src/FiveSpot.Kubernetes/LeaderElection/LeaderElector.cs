// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Sees to it that of several processes one writes at a time, by a Lease, with the fields and the meaning that they have for
/// client-go: programs in Go and this one can be after the same Lease.
/// </summary>
/// <remarks>
/// The holder renews at each <see cref="LeaderElectionOptions.RetryPeriod"/>, and may write until
/// <see cref="LeaderElectionOptions.RenewDeadline"/> has passed since it sent the last renewal that succeeded. The others wait
/// for <see cref="LeaderElectionOptions.Duration"/> from when they saw the last renewal. Nobody compares clocks: each measures
/// by its own. What has passed is the larger of what the wall clock and the steady clock say, since a machine that was
/// suspended may have stopped the one, and somebody may have put back the other.
/// <para>Other than client-go's, a candidate watches the Lease: one that is given up changes hands at once.</para>
/// </remarks>
public sealed partial class LeaderElector : IDisposable
{
    // To give a Lease up is a courtesy: it must not keep a process from ending in time.
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(2);

    private readonly ApiClient _api;
    private readonly LeaderElectionOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private Lease? _seen;
    private Instants _seenAt;
    private Term? _term;
    private string? _told;

    /// <summary>A candidate that does nothing yet.</summary>
    /// <param name="api">The cluster of the Lease. It must not be a client whose writes this elector allows.</param>
    /// <param name="options">Which Lease, and how.</param>
    /// <param name="logger">Is told who has it.</param>
    public LeaderElector(ApiClient api, LeaderElectionOptions options, ILogger logger)
    {
        if (options.Duration <= options.RenewDeadline || options.RenewDeadline <= options.RetryPeriod || options.RetryPeriod <= TimeSpan.Zero)
        {
            throw new ArgumentException("The lease lasts longer than the deadline of its renewal, and that longer than the period of retries.", nameof(options));
        }

        (_api, _options, _logger, _time) = (api, options, logger, api.NetworkTime);
    }

    /// <summary>Raised when this process begins to lead, or leads no more. Handlers must be quick and must not throw.</summary>
    public event Action? LeadershipChanged;

    /// <summary>Whether this process leads. For moments it may be unable to write all the same: <see cref="WritingAllowed"/>.
    /// </summary>
    public bool IsLeader => Volatile.Read(ref _term) is { HasBegun: true };

    /// <summary>A token for <see cref="ApiClientOptions.WritingAllowed"/>: cancelled when this process may write no more, and
    /// at once if it may not now.</summary>
    public CancellationToken WritingAllowed()
    {
        var term = Volatile.Read(ref _term);
        return term is { HasBegun: true } && Since(term.RenewedAt) < _options.RenewDeadline ? term.Token : new CancellationToken(canceled: true);
    }

    /// <summary>Is after the Lease, keeps it, and is after it again when it was lost, until told to stop; then gives it up.
    /// </summary>
    /// <param name="stop">Stops. Whoever writes must have ended before.</param>
    /// <returns>A task that ends, without an exception, when the Lease is given up, or could not be in time.</returns>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var (lease, sent) = await AcquireAsync(stop);
                await HoldAsync(lease, sent, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to stop.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => EndTerm();

    private async Task<(Lease Lease, Instants Sent)> AcquireAsync(CancellationToken stop)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Informer<Lease>? informer = null;
        var watch = Task.CompletedTask;
        try
        {
            while (true)
            {
                // From before the look: what the watch tells from here on ends the wait, however short the time until then.
                var changed = NextChange();
                TimeSpan wait;
                try
                {
                    var lease = await _api.TryGetAsync(Lease.Resource, _options.Lease, Lease.Read, stop);
                    if (!TrySee(lease, changed))
                    {
                        continue;
                    }

                    wait = Remaining();
                    if (wait <= TimeSpan.Zero)
                    {
                        var sent = Now();
                        var taken = await TakeAsync(lease);
                        LogAcquired(_options.Lease, _options.Identity);
                        return (taken, sent);
                    }

                    Tell($"{lease!.Holder} has it.");
                }
                catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
                {
                    Tell(exception.Message);
                    wait = _options.RetryPeriod;
                }

                if (informer is null)
                {
                    informer = new Informer<Lease>(
                        _api,
                        Lease.Resource,
                        new InformerOptions { Namespace = _options.Lease.Namespace, FieldSelector = $"metadata.name={_options.Lease.Name}" },
                        Lease.Read,
                        _logger);
                    informer.Changed += change => BeTold(change.New);
                    watch = informer.RunAsync(watching.Token);
                }

                await WaitAsync(informer, wait, changed, stop);
            }
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
        }
    }

    /// <summary>Waits until it is worth another look at the Lease.</summary>
    private async Task WaitAsync(Informer<Lease> informer, TimeSpan wait, Task changed, CancellationToken stop)
    {
        while (wait > TimeSpan.Zero)
        {
            // Without a watch nobody tells that it was given up.
            if (informer.State != InformerState.Watching && wait > _options.RetryPeriod)
            {
                wait = _options.RetryPeriod;
            }

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var slept = Task.Delay(wait, _time, enough.Token);
            var first = await Task.WhenAny(slept, changed);
            await enough.CancelAsync();
            stop.ThrowIfCancellationRequested();
            if (first == slept)
            {
                return;
            }

            changed = NextChange();
            wait = Remaining();
        }
    }

    private async Task HoldAsync(Lease lease, Instants sent, CancellationToken stop)
    {
        var term = new Term(sent);
        using var timer = _time.CreateTimer(static ending => ((Term)ending!).End(), term, Left(sent), Timeout.InfiniteTimeSpan);
        Volatile.Write(ref _term, term);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(term.Token, stop);
        var atOnce = false;
        var why = $"it could not be renewed for {_options.RenewDeadline.TotalSeconds:0.###} s";
        try
        {
            while (!either.IsCancellationRequested)
            {
                if (!term.HasBegun && await MayBeginAsync(either.Token))
                {
                    term.HasBegun = true;
                    LeadershipChanged?.Invoke();
                }

                if (!atOnce)
                {
                    await Task.Delay(_options.RetryPeriod, _time, either.Token);
                }

                sent = Now();
                try
                {
                    lease = await RenewAsync(lease, either.Token);
                    _told = term.HasBegun ? null : _told;
                }
                catch (ApiException exception) when (exception.IsConflict || exception.IsNotFound)
                {
                    // Somebody wrote to it: the holder's name says whether that matters.
                    var now = await TryLookAsync(either.Token);
                    if (now?.Holder == _options.Identity)
                    {
                        (lease, atOnce) = (now, !atOnce);
                    }
                    else if (now is not null || exception.IsNotFound)
                    {
                        why = now is null ? "somebody deleted it" : $"{(now.Holder.Length > 0 ? now.Holder : "nobody")} has it now";
                        break;
                    }

                    continue;
                }
                catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
                {
                    atOnce = false;
                    Tell(exception.Message);
                    continue;
                }

                atOnce = false;
                term.RenewedAt = sent;
                timer.Change(Left(sent), Timeout.InfiniteTimeSpan);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Told to stop, or too late.
        }
        finally
        {
            // First of all: what has not left yet must not.
            EndTerm();
        }

        if (stop.IsCancellationRequested)
        {
            await ReleaseAsync(lease);
        }
        else
        {
            LogLost(_options.Lease, why);
        }
    }

    private async Task<bool> MayBeginAsync(CancellationToken cancellationToken)
    {
        if (_options.MayBegin is not { } mayBegin)
        {
            return true;
        }

        // The renewal is due whether or not there is an answer.
        using var patience = new CancellationTokenSource(_options.RetryPeriod, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            if (await mayBegin(either.Token) is not { } reason)
            {
                return true;
            }

            Tell(reason);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            Tell(exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Tell($"There was no answer within {_options.RetryPeriod.TotalSeconds:0.###} s.");
        }

        return false;
    }

    private async Task<Lease?> TryLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _api.TryGetAsync(Lease.Resource, _options.Lease, Lease.Read, cancellationToken);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            Tell(exception.Message);
            return null;
        }
    }

    // Not given up in the midst of it: it could be ours without our knowing, and the others would wait.
    private Task<Lease> TakeAsync(Lease? lease)
    {
        var now = MicroTime(_time.GetUtcNow());
        if (lease is null)
        {
            return _api.CreateAsync(
                Lease.Resource, _options.Lease.Namespace, Render(null, _options.Identity, _options.Duration, now, now, 0, _options.Annotations), _options.FieldManager, Lease.Read, CancellationToken.None);
        }

        // One that is ours already is so since it was acquired: an answer to us was lost.
        var isOurs = lease.Holder == _options.Identity;
        return PatchAsync(
            lease,
            Render(lease, _options.Identity, _options.Duration, isOurs ? null : now, now, isOurs ? null : lease.Transitions + 1, _options.Annotations),
            CancellationToken.None);
    }

    private Task<Lease> RenewAsync(Lease lease, CancellationToken cancellationToken) => PatchAsync(
        lease, Render(lease, _options.Identity, _options.Duration, null, MicroTime(_time.GetUtcNow()), null, null), cancellationToken);

    private async Task ReleaseAsync(Lease lease)
    {
        var now = MicroTime(_time.GetUtcNow());
        using var hurry = new CancellationTokenSource(ReleaseTimeout, _time);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            try
            {
                await PatchAsync(lease, Render(lease, null, TimeSpan.FromSeconds(1), now, now, null, null), hurry.Token);
                LogReleased(_options.Lease);
                return;
            }
            catch (ApiException exception) when (exception.IsConflict && attempt == 1)
            {
                // A renewal may have been done though its answer never came.
                if (await TryLookAsync(hurry.Token).ConfigureAwait(false) is not { } now2 || now2.Holder != _options.Identity)
                {
                    return;
                }

                lease = now2;
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException or OperationCanceledException)
            {
                LogNotReleased(_options.Lease, exception.Message, _options.Duration.TotalSeconds);
                return;
            }
        }
    }

    private Task<Lease> PatchAsync(Lease lease, byte[] patch, CancellationToken cancellationToken) => _api.MergePatchAsync(
        Lease.Resource, lease.Key, patch, _options.FieldManager, subresource: null, Lease.Read, cancellationToken);

    private byte[] Render(
        Lease? lease, string? holder, TimeSpan duration, string? acquired, string renewed, int? transitions, IReadOnlyDictionary<string, string>? annotations)
    {
        var buffer = new ArrayBufferWriter<byte>(384);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            if (lease is not null)
            {
                json.WriteString("uid", lease.Uid);
                json.WriteString("resourceVersion", lease.ResourceVersion);
            }

            if (annotations is { Count: > 0 })
            {
                json.WriteStartObject("annotations");
                foreach (var (name, value) in annotations)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            if (lease is null)
            {
                json.WriteString("name", _options.Lease.Name);
                json.WriteString("namespace", _options.Lease.Namespace);
            }

            json.WriteEndObject();
            json.WriteString("apiVersion", Lease.Resource.ApiVersion);
            json.WriteString("kind", Lease.Resource.Kind);
            json.WriteStartObject("spec");
            json.WriteString("holderIdentity", holder);
            json.WriteNumber("leaseDurationSeconds", (int)Math.Ceiling(duration.TotalSeconds));
            if (acquired is not null)
            {
                json.WriteString("acquireTime", acquired);
            }

            json.WriteString("renewTime", renewed);
            if (transitions is { } count)
            {
                json.WriteNumber("leaseTransitions", count);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Ends when the watch tells something that it has not told yet.</summary>
    private Task NextChange()
    {
        lock (_lock)
        {
            return _changed.Task;
        }
    }

    /// <summary>Takes in what the watch tells. It may be behind a look, and must not lead back: then the next look would show
    /// something new, and the wait begin again.</summary>
    private void BeTold(Lease? lease)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (lease is not null && _seen is not null && lease.Uid == _seen.Uid && ResourceVersions.Compare(lease.ResourceVersion, _seen.ResourceVersion) <= 0)
            {
                return;
            }

            See(lease);
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.TrySetResult();
    }

    /// <summary>Takes in a look at the server, which counts whatever its version: a restored server's are lower.</summary>
    /// <returns>False if the watch has told something since the look began, which may be newer.</returns>
    private bool TrySee(Lease? lease, Task changed)
    {
        lock (_lock)
        {
            if (_changed.Task != changed)
            {
                return false;
            }

            See(lease);
            return true;
        }
    }

    private void See(Lease? lease)
    {
        if (lease is null || _seen is null || !lease.IsAsBefore(_seen))
        {
            _seenAt = Now();
        }

        _seen = lease;
    }

    /// <summary>How long it is, at least, until the Lease may be taken.</summary>
    private TimeSpan Remaining()
    {
        lock (_lock)
        {
            // By the steady clock alone: one that was put forward must not end another's lease.
            return _seen is null || _seen.Holder.Length == 0 || _seen.Holder == _options.Identity
                ? TimeSpan.Zero
                : (_seen.Duration ?? _options.Duration) - _time.GetElapsedTime(_seenAt.Steady);
        }
    }

    private TimeSpan Left(Instants sent) => _options.RenewDeadline - Since(sent) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    private TimeSpan Since(Instants then)
    {
        var steady = _time.GetElapsedTime(then.Steady);
        var wall = _time.GetUtcNow() - then.Wall;
        return wall > steady ? wall : steady;
    }

    private Instants Now() => new(_time.GetTimestamp(), _time.GetUtcNow());

    private void EndTerm()
    {
        if (Interlocked.Exchange(ref _term, null) is not { } term)
        {
            return;
        }

        term.End();
        if (term.HasBegun)
        {
            LeadershipChanged?.Invoke();
        }
    }

    private void Tell(string what)
    {
        if (_told != what)
        {
            _told = what;
            LogWaiting(_options.Lease, what);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string MicroTime(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Lease} is ours, as {Identity}.")]
    private partial void LogAcquired(ObjectKey lease, string identity);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Lease}: {What}")]
    private partial void LogWaiting(ObjectKey lease, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} is lost: {Why}. Nothing is written any more until it is ours again.")]
    private partial void LogLost(ObjectKey lease, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Lease} is given up.")]
    private partial void LogReleased(ObjectKey lease);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} could not be given up: {Problem} The next one waits for {Seconds} s.")]
    private partial void LogNotReleased(ObjectKey lease, string problem, double seconds);

    /// <summary>One instant by two clocks.</summary>
    private readonly record struct Instants(long Steady, DateTimeOffset Wall);

#pragma warning disable CA1001 // Its token is asked after its end whether it was cancelled; it holds nothing to let go of.
    private sealed class Term
#pragma warning restore CA1001
    {
        private readonly Lock _lock = new();
        private readonly CancellationTokenSource _over = new();
        private volatile bool _hasBegun;

        public Term(Instants renewedAt) => RenewedAt = renewedAt;

        public CancellationToken Token => _over.Token;

        /// <summary>Whether there is nothing more to be waited for.</summary>
        public bool HasBegun
        {
            get => _hasBegun;
            set => _hasBegun = value;
        }

        /// <summary>When the last renewal that succeeded was sent.</summary>
        public Instants RenewedAt
        {
            get
            {
                lock (_lock)
                {
                    return field;
                }
            }

            set
            {
                lock (_lock)
                {
                    field = value;
                }
            }
        }

        public void End() => _over.Cancel();
    }
}
