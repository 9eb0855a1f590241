// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// The kinds of bootstrap and infrastructure objects in use: found through discovery, watched by our label, as metadata
/// alone, one watch a kind, whichever of its versions is served. A kind is opened when the first machine asks for it. Asking
/// never waits: whoever asked too early is called back when there is an answer.
/// </summary>
public sealed class ProviderKinds
{
    private readonly ConcurrentDictionary<(string Group, string Kind), ProviderKindWatch> _watches = new();
    private readonly Func<string, string, ProviderKindWatch> _open;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="discovery">Its discovery.</param>
    /// <param name="wake">Called with the key of each machine whose objects changed, or whose kind became known.</param>
    /// <param name="loggers">For the watches.</param>
    /// <param name="stop">Ends all watches.</param>
    public ProviderKinds(
        ApiClient api, Discovery discovery, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop) =>
        _open = (group, kind) => new ProviderKindWatch(api, discovery, group, kind, wake, change => ObjectChanged?.Invoke(change), loggers, stop);

    /// <summary>Raised after each change of an object of one of the kinds, in the way of <see cref="Informer{T}.Changed"/>.</summary>
    public event Action<ObjectChange<PartialObject>>? ObjectChanged;

    /// <summary>The objects of that name, of all kinds that were asked for so far.</summary>
    public IEnumerable<PartialObject> ObjectsOf(ObjectKey key)
    {
        foreach (var (_, watch) in _watches)
        {
            if (watch.Objects?.Get(key) is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>What is known of a kind now.</summary>
    /// <param name="group">API group.</param>
    /// <param name="version">API version; null for any that is served.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="asker">Who is called back when the answer changes.</param>
    public ProviderKind Find(string group, string? version, string kind, ObjectKey asker) =>
        _watches.GetOrAdd((group, kind), static (id, open) => open(id.Group, id.Kind), _open).Find(version ?? "", asker);

    /// <summary>Somebody was told that a kind is not served at the version at which it is watched.</summary>
    public void LookForVersion(string group, string kind)
    {
        if (_watches.TryGetValue((group, kind), out var watch))
        {
            watch.LookForVersion();
        }
    }
}
