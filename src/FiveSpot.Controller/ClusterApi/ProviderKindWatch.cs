// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>One provider's kind: at which of the versions that machines name it is served, and its objects.</summary>
internal sealed partial class ProviderKindWatch
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly ApiClient _api;
    private readonly Discovery _discovery;
    private readonly string _group;
    private readonly string _kind;
    private readonly Action<ObjectKey> _wake;
    private readonly Action<ObjectChange<PartialObject>> _changed;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly CancellationToken _stop;
    private readonly Lock _lock = new();

    // By the version that was asked for, empty for any: null where the kind is not served at it.
    private readonly Dictionary<string, ResourceType?> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ProviderKind> _answers = new(StringComparer.Ordinal);
    private readonly HashSet<(ObjectKey Asker, string Version)> _waiting = [];
    private readonly HashSet<string> _resolving = new(StringComparer.Ordinal);
    private Informer<PartialObject>? _objects;

    public ProviderKindWatch(
        ApiClient api, Discovery discovery, string group, string kind, Action<ObjectKey> wake, Action<ObjectChange<PartialObject>> changed, ILoggerFactory loggers, CancellationToken stop)
    {
        _api = api;
        _discovery = discovery;
        _group = group;
        _kind = kind;
        _wake = wake;
        _changed = changed;
        _loggers = loggers;
        _logger = loggers.CreateLogger<ProviderKinds>();
        _stop = stop;
    }

    /// <summary>Its objects; null until it is watched.</summary>
    public Informer<PartialObject>? Objects => Volatile.Read(ref _objects);

    /// <summary>What is known now.</summary>
    /// <param name="version">The version at which it is to be made; empty for any.</param>
    /// <param name="asker">Who is called back when the answer changes.</param>
    public ProviderKind Find(string version, ObjectKey asker)
    {
        lock (_lock)
        {
            var known = _answers.GetValueOrDefault(version);
            if (known is { Resource: not null, Objects: not null })
            {
                return known;
            }

            _waiting.Add((asker, version));

            // Not served at all: each further question asks again, and discovery itself sees to it that the server is not asked
            // too often. A version that is missing among others comes with a change of the definition, which the watch shows.
            if (known is null or { Resource: null, Objects: null } && _resolving.Add(version))
            {
                _ = Task.Run(() => ResolveAsync(version));
            }

            return known ?? new ProviderKind(null, null, null) { IsPending = true };
        }
    }

    /// <summary>Somebody was told that it is not served at the version at which it is watched.</summary>
    public void LookForVersion()
    {
        lock (_lock)
        {
            _objects?.LookForVersion();
        }
    }

    private async Task ResolveAsync(string version)
    {
        try
        {
            var (resource, any) = await AwaitResolvedAsync(version);
            Informer<PartialObject>? opened = null;
            lock (_lock)
            {
                _resources[version] = resource;
                _resolving.Remove(version);
                if (_objects is null && any is not null)
                {
                    _objects = opened = Open(any);
                }
            }

            Settle();
            if (opened is not null)
            {
                LogOpened(opened.Type.QualifiedName, opened.Type.Version);
                await opened.RunAsync(_stop);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The controller stops.
        }
    }

    private Informer<PartialObject> Open(ResourceType at)
    {
        var informer = new Informer<PartialObject>(
            _api,
            at,
            new InformerOptions { LabelSelector = WellKnown.ScheduledMachineLabel, MetadataOnly = true, Resolve = ResolveAnewAsync },
            Read,
            _loggers.CreateLogger($"FiveSpot.Informer.{at.QualifiedName}"));
        informer.Changed += change =>
        {
            _wake(change.Key);
            _changed(change);
        };
        informer.StateChanged += () => Settle();
        return informer;
    }

    // Whoever may make one may write a megabyte into its metadata.
    internal static PartialObject Read(ReadOnlySpan<byte> utf8Json) => PartialObject.Decode(
        utf8Json,
        static annotation => annotation is WellKnown.TemplateHashAnnotation or WellKnown.ComputerAnnotation,
        static label => label is WellKnown.ScheduledMachineLabel or WellKnown.ClusterNameLabel);

    private async Task<(ResourceType? AtVersion, ResourceType? AtAny)> AwaitResolvedAsync(string version)
    {
        var retry = FirstRetry;
        for (var failures = 1; ; failures++)
        {
            try
            {
                var resource = await FindAsync(version, _stop);
                return (resource, resource ?? await FindAsync(version: "", _stop));
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                if (WatchFailure.Lasts(exception, failures))
                {
                    Settle((version, exception.Message));
                }
            }

            await Task.Delay(retry, _api.NetworkTime, _stop);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
        }
    }

    private async Task<ResourceType?> FindAsync(string version, CancellationToken cancellationToken)
    {
        var versions = version.Length > 0 ? [version] : await _discovery.ServedVersionsAsync(_group, cancellationToken);
        foreach (var served in versions)
        {
            if (await _discovery.FindAsync($"{_group}/{served}", _kind, cancellationToken) is { Namespaced: true } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The definition may have changed: all that is known of versions is asked for again.</summary>
    /// <returns>The version to watch: as long as it is served, the one that is.</returns>
    private async Task<ResourceType?> ResolveAnewAsync(CancellationToken cancellationToken)
    {
        await _discovery.ForgetAsync(_group, cancellationToken);
        string[] versions;
        ResourceType watched;
        lock (_lock)
        {
            versions = [.. _resources.Keys];
            watched = _objects!.Type;
        }

        var found = new Dictionary<string, ResourceType?>(StringComparer.Ordinal);
        foreach (var version in versions)
        {
            found[version] = await FindAsync(version, cancellationToken);
        }

        var next = await FindAsync(watched.Version, cancellationToken) ?? await FindAsync(version: "", cancellationToken);
        lock (_lock)
        {
            foreach (var (version, resource) in found)
            {
                _resources[version] = resource;
            }
        }

        Settle();
        return next;
    }

    // Those who wait are called only if their answer is another one: otherwise a kind that isn't there would be asked for
    // over and over.
    private void Settle((string Version, string Trouble)? failed = null)
    {
        List<ObjectKey> called = [];
        lock (_lock)
        {
            if (failed is { } failure)
            {
                Answer(failure.Version, new ProviderKind(null, null, failure.Trouble), called);
            }

            foreach (var (version, resource) in _resources)
            {
                if (_objects is null)
                {
                    Answer(version, new ProviderKind(null, null, null), called);
                }
                else if (_objects.HasSynced)
                {
                    Answer(version, new ProviderKind(resource, _objects, null), called);
                }
                else if (_objects.LastError is { } error && WatchFailure.Lasts(error, _objects.FailuresInARow))
                {
                    Answer(version, new ProviderKind(resource, null, $"{_objects.Type.QualifiedName} can't be listed: {error.Message}"), called);
                }
            }
        }

        called.ForEach(_wake);
    }

    private void Answer(string version, ProviderKind answer, List<ObjectKey> called)
    {
        if (_answers.GetValueOrDefault(version) == answer)
        {
            return;
        }

        _answers[version] = answer;
        foreach (var waiting in _waiting.Where(waiting => waiting.Version == version).ToList())
        {
            called.Add(waiting.Asker);
            if (answer is { Resource: not null, Objects: not null })
            {
                _waiting.Remove(waiting);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Resource} at {Version}.")]
    private partial void LogOpened(string resource, string version);
}
