// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Reclaim;

/// <summary>The ConfigMaps of the reclaim agents of one cluster: watched from the first time that somebody asks.</summary>
internal sealed class ReclaimConfigWatch
{
    private readonly Lazy<Informer<ReclaimConfig>> _informer;

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="nodeChanged">Called with the name of the Node whose ConfigMap has changed.</param>
    /// <param name="stateChanged">Called when the watch is lost, or found again.</param>
    /// <param name="loggers">For the watch.</param>
    /// <param name="stop">Ends the watch.</param>
    public ReclaimConfigWatch(ApiClient api, Action<string> nodeChanged, Action stateChanged, ILoggerFactory loggers, CancellationToken stop)
    {
        _informer = new Lazy<Informer<ReclaimConfig>>(() =>
        {
            var informer = new Informer<ReclaimConfig>(
                api,
                ReclaimConfig.ConfigMaps,
                new InformerOptions { Namespace = WellKnown.SystemNamespace, LabelSelector = WellKnown.ScheduledMachineLabel },
                ReclaimConfig.Read,
                loggers.CreateLogger("FiveSpot.Informer.configmaps"));
            informer.Changed += change =>
            {
                if (change.Key.Name.StartsWith(WellKnown.ReclaimConfigMapPrefix, StringComparison.Ordinal))
                {
                    nodeChanged(change.Key.Name[WellKnown.ReclaimConfigMapPrefix.Length..]);
                }
            };
            informer.StateChanged += stateChanged;
            _ = Task.Run(() => informer.RunAsync(stop), CancellationToken.None);
            return informer;
        });
    }

    /// <summary>Why the ConfigMaps can't be watched now; null when they are, or may yet be.</summary>
    public Exception? Trouble => _informer.IsValueCreated ? _informer.Value.LastError : null;

    /// <summary>What is known of the ConfigMap of a Node.</summary>
    public ReclaimConfigView Find(string node) => _informer.Value is { HasSynced: true } known
        ? new ReclaimConfigView(IsKnown: true, known.Get(ReclaimConfig.KeyOf(node)))
        : new ReclaimConfigView(IsKnown: false, Trouble: _informer.Value.LastError?.Message);

    /// <summary>Puts the answer to a write of ours into the cache.</summary>
    public void Observe(ReclaimConfig config) => _informer.Value.Observe(config);
}
