// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// The MachineDrainRules of a management cluster, by one watch, where it serves them: Cluster API has them since 1.9. Where it
/// does not, that is asked again when a drain begins, and nothing is watched.
/// </summary>
public sealed partial class DrainRuleWatch
{
    private const string Kind = "MachineDrainRule";

    private readonly Lock _lock = new();
    private readonly ApiClient _api;
    private readonly Discovery _discovery;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly CancellationToken _stop;
    private Informer<MachineDrainRule>? _informer;
    private string? _trouble;
    private bool _isAsking;

    /// <summary>Asks and watches nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="discovery">Its discovery.</param>
    /// <param name="loggers">For the watch.</param>
    /// <param name="stop">Ends it.</param>
    public DrainRuleWatch(ApiClient api, Discovery discovery, ILoggerFactory loggers, CancellationToken stop)
    {
        _api = api;
        _discovery = discovery;
        _loggers = loggers;
        _logger = loggers.CreateLogger<DrainRuleWatch>();
        _stop = stop;
    }

    /// <summary>Raised with a namespace when its rules have changed, and with null when it is known for all whether there are any.
    /// </summary>
    public event Action<string?>? Changed;

    /// <summary>A drain begins: where there were no rules, somebody may have installed them since.</summary>
    public void LookAgain()
    {
        lock (_lock)
        {
            if (_informer is not null || _isAsking)
            {
                return;
            }

            _isAsking = true;
        }

        _ = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The rules of a namespace, in the order of their names; null while they are not known.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="trouble">Why they are not, for a person; null when they are, or may yet be.</param>
    public ImmutableArray<MachineDrainRule>? Find(string ns, out string? trouble)
    {
        Informer<MachineDrainRule>? informer;
        lock (_lock)
        {
            trouble = _trouble;
            if (_informer is null)
            {
                return _isAsking || trouble is not null ? null : [];
            }

            informer = _informer;
        }

        if (!informer.HasSynced)
        {
            trouble = informer.LastError?.Message;
            return null;
        }

        return informer.Count == 0 ? [] : [.. informer.Enumerate().Where(rule => rule.Metadata.Namespace == ns).OrderBy(rule => rule.Metadata.Name, StringComparer.Ordinal)];
    }

    private async Task RunAsync()
    {
        ResourceType? resource = null;
        string? trouble = null;
        try
        {
            resource = await MachineDiscovery.FindAnewAsync(_discovery, Kind, _stop);
            trouble = resource is null ? await WhyUnknownAsync(_stop) : null;
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            trouble = exception.Message;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }

        if (resource is null)
        {
            Settle(informer: null, trouble);
            return;
        }

        using var served = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        var informer = Open(resource, served);
        Settle(informer, trouble: null);
        LogOpened(resource.Version);
        await informer.RunAsync(served.Token);
        if (!_stop.IsCancellationRequested)
        {
            LogGone();
            Settle(informer: null, trouble: null);
        }
    }

    private Informer<MachineDrainRule> Open(ResourceType resource, CancellationTokenSource served)
    {
        var informer = new Informer<MachineDrainRule>(
            _api,
            resource,
            new InformerOptions { Resolve = ResolveAsync },
            MachineDrainRuleReader.Read,
            _loggers.CreateLogger("FiveSpot.Informer.machinedrainrules"));
        informer.Changed += change => Changed?.Invoke(change.Key.Namespace);
        informer.StateChanged += () => Changed?.Invoke(null);
        return informer;

        async Task<ResourceType?> ResolveAsync(CancellationToken cancellationToken)
        {
            var found = await MachineDiscovery.FindAnewAsync(_discovery, Kind, cancellationToken);
            if (found is null && await WhyUnknownAsync(cancellationToken) is null)
            {
                await served.CancelAsync();
            }

            return found;
        }
    }

    // Where it tells of Machines it tells of all that Cluster API has. A page that says 404 for all of them says nothing.
    private async Task<string?> WhyUnknownAsync(CancellationToken cancellationToken) =>
        await MachineDiscovery.FindAsync(_discovery, cancellationToken) is null ? $"{_api.Connection.Server} does not tell of {MachineApi.Group}" : null;

    private void Settle(Informer<MachineDrainRule>? informer, string? trouble)
    {
        lock (_lock)
        {
            _informer = informer;
            _trouble = trouble;
            _isAsking = false;
        }

        Changed?.Invoke(null);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching MachineDrainRules at {Version}.")]
    private partial void LogOpened(string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "There are no MachineDrainRules any more.")]
    private partial void LogGone();
}
