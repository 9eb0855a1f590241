// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>Counts, at every change of a Pod, how many serve: are ready and not on their way out.</summary>
internal sealed class ReadinessWitness : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (bool Serves, string? Node)> _pods = new(StringComparer.Ordinal);
    private readonly List<int> _counts = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    /// <summary>How many served: at first, and after each change.</summary>
    public IReadOnlyList<int> Counts
    {
        get
        {
            lock (_lock)
            {
                return [.. _counts];
            }
        }
    }

    /// <summary>Begins to look; what is there has been counted when it is back.</summary>
    public static async Task<ReadinessWitness> StartAsync(Cluster workload)
    {
        var witness = new ReadinessWitness();
        witness._running = PodEvents.FollowAsync(workload, witness.Listed, witness.HandleAsync, witness._stop.Token);
        await await Task.WhenAny(witness._listed.Task, witness._running).WaitAsync(Wait.Deadline);
        return witness;
    }

    /// <summary>How many it sees serve on a Node now; fails if it has stopped looking.</summary>
    public int ServingOn(string node)
    {
        if (_running.IsCompleted)
        {
            throw new InvalidOperationException("The witness sees nothing any more.", _running.Exception);
        }

        lock (_lock)
        {
            return _pods.Values.Count(pod => pod.Serves && pod.Node == node);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Listed()
    {
        lock (_lock)
        {
            _counts.Add(_pods.Values.Count(pod => pod.Serves));
        }

        _listed.SetResult();
    }

    private Task HandleAsync(JsonObject pod, bool isGone)
    {
        var name = (string)pod["metadata"]!["name"]!;
        lock (_lock)
        {
            if (isGone)
            {
                _pods.Remove(name);
            }
            else
            {
                var isReady = pod["status"]?["conditions"]?.AsArray()
                    .Any(condition => (string?)condition!["type"] == "Ready" && (string?)condition["status"] == "True") ?? false;
                _pods[name] = (isReady && pod["metadata"]!["deletionTimestamp"] is null, (string?)pod["spec"]?["nodeName"]);
            }

            if (_listed.Task.IsCompleted)
            {
                _counts.Add(_pods.Values.Count(seen => seen.Serves));
            }
        }

        return Task.CompletedTask;
    }
}
