// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>The volumes of a Node that Cluster API waits for.</summary>
internal static class AttachedVolumes
{
    public static readonly ResourceType Attachments = new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", Namespaced: false);
    public static readonly ResourceType Volumes = new("", "v1", "persistentvolumes", "PersistentVolume", Namespaced: false);

    /// <summary>What is attached, by volume or claim, but for the claims of Pods that the drain has left alone.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(
        ApiClient workload, ApiObject node, Func<Task<IReadOnlySet<string>>> ignored, CancellationToken cancellationToken)
    {
        var attached = (await workload.ListAsync(Attachments, new ListOptions(), ApiObject.Decode, cancellationToken)).Items
            .Where(attachment => attachment.Json.Text("spec", "nodeName") == node.Metadata.Name && attachment.Json.Flag("status", "attached") == true)
            .Select(attachment => attachment.Json.Text("spec", "source", "persistentVolumeName")!)
            .ToHashSet(StringComparer.Ordinal);
        var reported = node.Json.Objects("status", "volumesAttached").Select(volume => volume.Text("name")!).ToHashSet(StringComparer.Ordinal);
        if (attached.Count == 0 && reported.Count == 0)
        {
            return [];
        }

        var notWaitedFor = await ignored();
        List<string> waitedFor = [];
        foreach (var volume in (await workload.ListAsync(Volumes, new ListOptions(), ApiObject.Decode, cancellationToken)).Items)
        {
            var isAttached = attached.Remove(volume.Metadata.Name);
            if (reported.Remove($"kubernetes.io/csi/{volume.Json.Text("spec", "csi", "driver")}^{volume.Json.Text("spec", "csi", "volumeHandle")}") || isAttached)
            {
                var claim = volume.Json.Text("spec", "claimRef", "name") is { } name ? $"{volume.Json.Text("spec", "claimRef", "namespace")}/{name}" : null;
                if (claim is null || !notWaitedFor.Contains(claim))
                {
                    waitedFor.Add(claim is null ? $"PersistentVolume {volume.Metadata.Name}" : $"PersistentVolumeClaim {claim}");
                }
            }
        }

        return [.. waitedFor, .. attached.Select(name => $"PersistentVolume {name}"), .. reported.Select(name => $"Node volume {name}")];
    }

    /// <summary>The claims that a Pod uses, with its namespace.</summary>
    public static IEnumerable<string> ClaimsOf(ApiObject pod) => pod.Json.Objects("spec", "volumes")
        .Select(volume => volume.Text("persistentVolumeClaim", "claimName"))
        .OfType<string>()
        .Select(claim => $"{pod.Metadata.Namespace}/{claim}");
}
