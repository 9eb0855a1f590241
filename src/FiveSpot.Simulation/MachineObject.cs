// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Simulation;

/// <summary>A Machine, at whichever version. Its JSON is not to be changed.</summary>
internal sealed record MachineObject(ObjectMetadata Metadata, JsonObject Json) : IKubernetesObject
{
    public ObjectKey Key => Metadata.Key;

    public string Uid => Metadata.Uid;

    public string ResourceVersion => Metadata.ResourceVersion;

    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    public string ClusterName => Json.Text("spec", "clusterName") ?? "";

    public ObjectKey Cluster => new(Key.Namespace, ClusterName);

    public ProviderReference? Bootstrap => Reference("bootstrap", "configRef");

    public ProviderReference? Infrastructure => Reference("infrastructureRef");

    public string? DataSecretName => Json.Text("spec", "bootstrap", "dataSecretName");

    public string? ProviderId => Json.Text("spec", "providerID") is { Length: > 0 } id ? id : null;

    /// <summary>The Node that it has become; that is said once, and stays.</summary>
    public string? NodeName => Json.Text("status", "nodeRef", "name");

    /// <summary>Whether its infrastructure was up once; that stays, too.</summary>
    public bool WasProvisioned => Json.Flag("status", "infrastructureReady") ?? Json.Flag("status", "initialization", "infrastructureProvisioned") ?? false;

    public bool WasBootstrapped => Json.Flag("status", "bootstrapReady") ?? Json.Flag("status", "initialization", "bootstrapDataSecretCreated") ?? false;

    public DateTimeOffset? DrainStarted => JsonAccess.ParseTime(Json.Text("status", "deletion", "nodeDrainStartTime"));

    public DateTimeOffset? VolumeWaitStarted => JsonAccess.ParseTime(Json.Text("status", "deletion", "waitForNodeVolumeDetachStartTime"));

    /// <summary>One of <c>nodeDrainTimeout</c>, <c>nodeVolumeDetachTimeout</c>, <c>nodeDeletionTimeout</c>; null where it is not set.</summary>
    public TimeSpan? Timeout(string name) => Json.Number("spec", "deletion", $"{name}Seconds") is { } seconds
        ? TimeSpan.FromSeconds(seconds)
        : GoDuration.Parse(Json.Text("spec", name));

    public static MachineObject Decode(ReadOnlySpan<byte> utf8Json) =>
        new(PartialObject.Decode(utf8Json).Metadata, JsonNode.Parse(utf8Json)!.AsObject());

    private ProviderReference? Reference(params ReadOnlySpan<string> path)
    {
        var reference = Json.At("spec").At(path);
        var (group, version) = reference.Text("apiVersion") is { } apiVersion ? ResourceType.SplitApiVersion(apiVersion) : (reference.Text("apiGroup"), null);
        return reference.Text("kind") is { } kind && reference.Text("name") is { } name && group is not null ? new(group, version, kind, name) : null;
    }
}
