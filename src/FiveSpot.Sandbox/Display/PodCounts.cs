// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Display;

/// <summary>How many Pods are on the Nodes: all that a drain would wait for, those that are stopping among them.</summary>
public sealed class PodCounts
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);

    private readonly Informer<PodPlace> _informer;

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The cluster of the Nodes.</param>
    /// <param name="loggers">For what fails.</param>
    public PodCounts(ApiClient api, ILoggerFactory loggers)
    {
        _informer = new Informer<PodPlace>(api, Pods, new InformerOptions(), PodPlace.Read, loggers.CreateLogger<PodCounts>());
        _informer.Changed += change =>
        {
            if (change.Old?.Node != change.New?.Node)
            {
                Changed?.Invoke();
            }
        };
    }

    /// <summary>A number changed.</summary>
    public event Action? Changed;

    /// <summary>The number of Pods by the name of the Node; of Nodes with none, nothing.</summary>
    public IReadOnlyDictionary<string, int> ByNode() => _informer.Snapshot()
        .Where(pod => pod.Node is not null)
        .GroupBy(pod => pod.Node!, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);

    /// <summary>Watches until told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => _informer.RunAsync(stop);

    // Of one that is nowhere yet, or has finished, there is no Node.
    private sealed record PodPlace(ObjectMetadata Metadata, string? Node) : IKubernetesObject
    {
        public ObjectKey Key => Metadata.Key;

        public string Uid => Metadata.Uid;

        public string ResourceVersion => Metadata.ResourceVersion;

        public static PodPlace Read(ReadOnlySpan<byte> utf8Json)
        {
            var reader = new Utf8JsonReader(utf8Json);
            using var pod = JsonDocument.ParseValue(ref reader);
            var hasFinished = Text(pod.RootElement, "status", "phase") is "Succeeded" or "Failed";
            return new PodPlace(PartialObject.Decode(utf8Json).Metadata, hasFinished ? null : Text(pod.RootElement, "spec", "nodeName"));
        }

        private static string? Text(JsonElement obj, string parent, string name) =>
            obj.TryGetProperty(parent, out var within) && within.TryGetProperty(name, out var text) ? text.GetString() : null;
    }
}
