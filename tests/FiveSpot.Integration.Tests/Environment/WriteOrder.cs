// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>In which order things came about, as the API server's store has it: told by resource versions, by watches of its own.</summary>
internal sealed class WriteOrder : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(long Version, string What)> _seen = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watches = [];

    /// <summary>Follows some kinds from now on: what is to be seen, and of which object that shows.</summary>
    public static async Task<WriteOrder> FollowAsync(Cluster cluster, params (ResourceType Type, string What, Func<JsonObject, bool> Shows)[] wanted)
    {
        var order = new WriteOrder();
        foreach (var of in wanted.GroupBy(want => want.Type))
        {
            var ns = of.Key.Namespaced ? cluster.Namespace : null;
            var from = (await cluster.Api.ListAsync(of.Key, new ListOptions { Namespace = ns }, Cluster.Parse, CancellationToken.None)).ResourceVersion;
            order._watches.Add(cluster.Api.WatchAsync(
                of.Key,
                new WatchOptions { Namespace = ns, ResourceVersion = from },
                (type, json) =>
                {
                    if (type is WatchEventType.Added or WatchEventType.Modified)
                    {
                        order.Note(Cluster.Parse(json), of.Select(want => (want.What, want.Shows)));
                    }
                },
                order._stop.Token));
        }

        return order;
    }

    /// <summary>What came about after the first of a kind, each at its first, in order.</summary>
    public string AfterFirst(string what)
    {
        _watches.ShouldAllBe(watch => !watch.IsCompleted, "all was seen");
        lock (_lock)
        {
            return string.Join(", ", _seen.OrderBy(seen => seen.Version).Select(seen => seen.What).SkipWhile(seen => seen != what).Where(seen => seen != what).Distinct());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Note(JsonObject found, IEnumerable<(string What, Func<JsonObject, bool> Shows)> wanted)
    {
        var version = long.Parse((string)found["metadata"]!["resourceVersion"]!, CultureInfo.InvariantCulture);
        lock (_lock)
        {
            _seen.AddRange(wanted.Where(want => want.Shows(found)).Select(want => (version, want.What)));
        }
    }
}
