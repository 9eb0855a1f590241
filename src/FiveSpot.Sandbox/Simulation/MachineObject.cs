// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>A Machine: what 5-Spot reads of it, and the whole. Its JSON is not to be changed.</summary>
internal sealed record MachineObject(CapiMachine Machine, JsonObject Json) : IKubernetesObject
{
    public ObjectKey Key => Machine.Key;

    public string Uid => Machine.Uid;

    public string ResourceVersion => Machine.ResourceVersion;

    public string ClusterName => Json.Text("spec", "clusterName") ?? "";

    /// <summary>Machine hardware keeps its id, however often it joins.</summary>
    public string ProviderId => Machine.ProviderId ?? SimulatedHardware.ProviderIdOf(Key);

    public static DecodeObject<MachineObject> Decoder(string apiVersion) => utf8Json =>
        new MachineObject(MachineReader.Read(utf8Json, apiVersion), JsonNode.Parse(utf8Json)!.AsObject());
}
