// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>The watch on the Pods of a Node that is cordoned, from its beginning to its end.</summary>
internal sealed class PodWatch : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly bool _begunFromCache;

    /// <summary>Begins it, at the pace of those before it.</summary>
    /// <param name="node">Name of the Node.</param>
    /// <param name="cordonedAt">A resource version at which the cordon was there.</param>
    /// <param name="beginFromCache">Whether it begins with what was true a while ago.</param>
    /// <param name="informer">The watch, not running yet.</param>
    /// <param name="pace">The pace.</param>
    /// <param name="begins">Called when it is its turn, before anything is known.</param>
    /// <param name="wake">Called when something is known, or something else.</param>
    /// <param name="stop">Ends it.</param>
    public PodWatch(
        string node, string cordonedAt, bool beginFromCache, Informer<Pod> informer, PodWatchPace pace, Action begins, Action wake, CancellationToken stop)
    {
        Node = node;
        CordonedAt = cordonedAt;
        _begunFromCache = beginFromCache;
        Informer = informer;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var stopped = _stop.Token;
        informer.Changed += _ => wake();
        informer.StateChanged += wake;
        _ = Task.Run(
            async () =>
            {
                await pace.AwaitTurnAsync(stopped);
                begins();
                await informer.RunAsync(stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            },
            CancellationToken.None);
    }

    public string Node { get; }

    public string CordonedAt { get; }

    public Informer<Pod> Informer { get; }

    /// <summary>
    /// Whether no Pod is missing that was put on the Node before its cordon. Mostly a Pod's own end is what shows it: it
    /// comes after the cordon, and Pods and Nodes are in one store, whose revisions their versions are. (Who keeps Pods in a
    /// store of their own has, in the worst case, what every cache has: a Pod of the last moment may be overlooked.)
    /// </summary>
    public bool IsAsNewAsTheCordon => !_begunFromCache || ResourceVersions.Compare(Informer.SeenVersion, CordonedAt) > 0;

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
