// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// The kinds of bootstrap and infrastructure objects in use: found through discovery, watched by our label, as metadata
/// alone, one watch a kind. A kind is opened when the first machine asks for it. Asking never waits: whoever asked too
/// early is called back when there is an answer.
/// </summary>
public sealed partial class ProviderKinds
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Group, string? Version, string Kind), Entry> _entries = new();
    private readonly ApiClient _api;
    private readonly Discovery _discovery;
    private readonly Action<ObjectKey> _wake;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly CancellationToken _stop;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="discovery">Its discovery.</param>
    /// <param name="wake">Called with the key of each machine whose objects changed, or whose kind became known.</param>
    /// <param name="loggers">For the watches.</param>
    /// <param name="stop">Ends all watches.</param>
    public ProviderKinds(
        ApiClient api, Discovery discovery, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        _api = api;
        _discovery = discovery;
        _wake = wake;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ProviderKinds>();
        _stop = stop;
    }

    /// <summary>What is known of a kind now.</summary>
    /// <param name="group">API group.</param>
    /// <param name="version">API version; null for any that is served.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="asker">Who is called back when the answer changes.</param>
    public ProviderKind Find(string group, string? version, string kind, ObjectKey asker)
    {
        var entry = _entries.GetOrAdd((group, version, kind), static _ => new Entry());
        return entry.Find(this, (group, version, kind), asker);
    }

    private async Task OpenAsync(Entry entry, (string Group, string? Version, string Kind) id)
    {
        try
        {
            var resource = await AwaitResolvedAsync(entry, id);
            if (resource is null || !resource.Namespaced)
            {
                entry.Settle(this, new ProviderKind(null, null, null));
                return;
            }

            var informer = new Informer<PartialObject>(
                _api,
                resource,
                new InformerOptions { LabelSelector = WellKnown.ScheduledMachineLabel, MetadataOnly = true },
                PartialObject.Decode,
                _loggers.CreateLogger($"FiveSpot.Informer.{resource.QualifiedName}"));
            informer.Changed += change => _wake(change.Key);
            informer.StateChanged += () => entry.Settle(this, View(informer, resource));
            LogOpened(resource.QualifiedName, resource.Version);
            await informer.RunAsync(_stop);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The controller stops.
        }
    }

    private async Task<ResourceType?> AwaitResolvedAsync(Entry entry, (string Group, string? Version, string Kind) id)
    {
        var retry = FirstRetry;
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await ResolveAsync(id);
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                if (Lasts(exception, failures))
                {
                    entry.Settle(this, new ProviderKind(null, null, exception.Message));
                }
            }

            await Task.Delay(retry, _api.NetworkTime, _stop);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
        }
    }

    // A server that was just started, or a definition that was just installed, has a moment in which it can't be asked. That is
    // nobody's state: it is told when it lasts.
    private static bool Lasts(Exception failure, int failures) =>
        failures >= StepFailure.AttemptsBeforeError || failure is ApiException { IsTransient: false };

    private async Task<ResourceType?> ResolveAsync((string Group, string? Version, string Kind) id)
    {
        if (id.Version is not null)
        {
            return await _discovery.FindAsync($"{id.Group}/{id.Version}", id.Kind, _stop);
        }

        foreach (var version in await _discovery.ServedVersionsAsync(id.Group, _stop))
        {
            if (await _discovery.FindAsync($"{id.Group}/{version}", id.Kind, _stop) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static ProviderKind View(Informer<PartialObject> informer, ResourceType resource) => new(
        resource,
        informer.HasSynced ? informer : null,
        !informer.HasSynced && informer.LastError is { } error && Lasts(error, informer.FailuresInARow)
            ? $"{resource.QualifiedName} can't be listed: {error.Message}"
            : null);

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Resource} at {Version}.")]
    private partial void LogOpened(string resource, string version);

    private sealed class Entry
    {
        private readonly Lock _lock = new();
        private readonly HashSet<ObjectKey> _waiting = [];
        private ProviderKind? _known;
        private bool _opening;

        public ProviderKind Find(ProviderKinds kinds, (string Group, string? Version, string Kind) id, ObjectKey asker)
        {
            lock (_lock)
            {
                if (_known is { Objects: not null } known)
                {
                    return known;
                }

                _waiting.Add(asker);
                // Not served: each further question asks again, and discovery itself sees to it that the server is not asked
                // too often.
                if (!_opening && _known is null or { Resource: null })
                {
                    _opening = true;
                    _ = Task.Run(async () =>
                    {
                        await kinds.OpenAsync(this, id);
                        lock (_lock)
                        {
                            _opening = false;
                        }
                    });
                }

                return _known ?? new ProviderKind(null, null, null) { IsPending = true };
            }
        }

        // Those who wait are called only if the answer is another one: otherwise a kind that isn't there would be
        // asked for over and over.
        public void Settle(ProviderKinds kinds, ProviderKind now)
        {
            ObjectKey[] waiting;
            lock (_lock)
            {
                if (_known == now || now is { Resource: not null, Objects: null, Trouble: null })
                {
                    return;
                }

                _known = now;
                waiting = [.. _waiting];
                if (now.Objects is not null)
                {
                    _waiting.Clear();
                }
            }

            foreach (var key in waiting)
            {
                kinds._wake(key);
            }
        }
    }
}
