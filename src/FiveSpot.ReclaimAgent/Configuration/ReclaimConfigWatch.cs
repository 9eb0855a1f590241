// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>Follows the one ConfigMap of this Node. A broken one leaves the last good one in force; with none, nothing
/// matches.</summary>
internal sealed partial class ReclaimConfigWatch
{
    private static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    private readonly Informer<ReclaimConfigMap> _informer;
    private readonly AgentMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Action<ReclaimConfig> _changed;
    private volatile ReclaimConfig _current = ReclaimConfig.Nothing;

    /// <summary>A watch that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="ns">The agent's namespace.</param>
    /// <param name="nodeName">The Node.</param>
    /// <param name="metrics">Is told of broken ones.</param>
    /// <param name="logger">Is told of changes.</param>
    /// <param name="changed">Gets each that can be used, one at a time.</param>
    public ReclaimConfigWatch(
        ApiClient api, string ns, string nodeName, AgentMetrics metrics, ILogger logger, Action<ReclaimConfig> changed)
    {
        (_metrics, _logger, _changed) = (metrics, logger, changed);
        var options = new InformerOptions
        {
            Namespace = ns,
            FieldSelector = $"metadata.name={WellKnown.ReclaimConfigMapPrefix}{nodeName}",

            // Whoever waits for this one is at their desk.
            LongestBackOff = TimeSpan.FromSeconds(5),
        };
        _informer = new Informer<ReclaimConfigMap>(api, ConfigMaps, options, ReclaimConfigMap.Decode, logger);
        _informer.Changed += OnChanged;
    }

    /// <summary>What is in force.</summary>
    public ReclaimConfig Current => _current;

    /// <summary>Follows it until told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => _informer.RunAsync(stop);

    /// <summary>Waits until it is known whether there is one, and what it says.</summary>
    public Task WaitForSyncAsync(CancellationToken stop) => _informer.WaitForSyncAsync(stop);

    private void OnChanged(ObjectChange<ReclaimConfigMap> change)
    {
        if (change.New is null)
        {
            LogGone(change.Key);
            Use(ReclaimConfig.Nothing);
            return;
        }

        try
        {
            var toml = change.New.Toml ?? throw new ReclaimConfigException($"It has no key {WellKnown.ReclaimConfigMapKey}.");
            var config = ReclaimToml.Read(toml, out var unknown);
            if (unknown.Count > 0)
            {
                LogUnknown(change.Key, WellKnown.ReclaimConfigMapKey, string.Join("; ", unknown.Take(10)));
            }

            LogUsing(change.Key, config.Commands.Count, config.Substrings.Count, (int)config.PollInterval.TotalMilliseconds);
            Use(config with { Hash = ReclaimConfigHash.Of(toml) });
        }
        catch (ReclaimConfigException exception)
        {
            _metrics.ConfigBroken();
            LogBroken(change.Key, exception.Message);
        }
    }

    private void Use(ReclaimConfig config)
    {
        _current = config;
        _changed(config);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "ConfigMap {Key}: looking for {Commands} commands and {Substrings} substrings of command lines; polling, if at all, every {Milliseconds} ms.")]
    private partial void LogUsing(ObjectKey key, int commands, int substrings, int milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "ConfigMap {Key} is gone: nothing is looked for.")]
    private partial void LogGone(ObjectKey key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "ConfigMap {Key} has in {File} what this version does not know, and passes over: {Keys}.")]
    private partial void LogUnknown(ObjectKey key, string file, string keys);

    [LoggerMessage(Level = LogLevel.Error, Message = "ConfigMap {Key} can't be used, and what was in force before stays so. {Reason}")]
    private partial void LogBroken(ObjectKey key, string reason);
}
