// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>Any object, whole. Its JSON is not to be changed.</summary>
internal sealed record ApiObject(ObjectMetadata Metadata, JsonObject Json) : IKubernetesObject
{
    public ObjectKey Key => Metadata.Key;

    public string Uid => Metadata.Uid;

    public string ResourceVersion => Metadata.ResourceVersion;

    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    public static ApiObject Decode(ReadOnlySpan<byte> utf8Json) =>
        new(PartialObject.Decode(utf8Json).Metadata, JsonNode.Parse(utf8Json)!.AsObject());
}
