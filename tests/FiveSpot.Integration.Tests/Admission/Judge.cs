// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>Asks a server what it thinks of ScheduledMachines, of which it keeps one.</summary>
internal sealed class Judge : IDisposable
{
    private readonly Cluster _cluster;
    private readonly ApiClient _api;
    private readonly JsonObject _stored;

    private Judge(Cluster cluster, JsonObject stored)
    {
        _cluster = cluster;
        _api = cluster.Connect("judge", inner => new DryRun(inner));
        _stored = stored;
    }

    public static async Task<Judge> AppointAsync(Cluster cluster) =>
        new(cluster, await cluster.CreateAsync(Kinds.ScheduledMachine, CompleteExample.Create()));

    /// <summary>The refusal of a ScheduledMachine; null if it is accepted. What is about the status is tried as an update of the status.</summary>
    public async Task<ApiException?> RefusalAsync(JsonObject machine, bool isOfStatus)
    {
        machine = machine.DeepClone().AsObject();
        try
        {
            if (isOfStatus)
            {
                machine["metadata"] = _stored["metadata"]!.DeepClone();
                await _api.ReplaceAsync(Kinds.ScheduledMachine, new ObjectKey(_cluster.Namespace, "complete"), Bytes(machine), "judge", "status", Cluster.Parse, CancellationToken.None);
            }
            else
            {
                machine["metadata"]!["name"] = (string)machine["metadata"]!["name"]! is var name && name == "complete" ? "new" : name;
                await _api.CreateAsync(Kinds.ScheduledMachine, _cluster.Namespace, Bytes(machine), "judge", Cluster.Parse, CancellationToken.None);
            }

            return null;
        }
        catch (ApiException refusal)
        {
            return refusal;
        }
    }

    public void Dispose() => _api.Dispose();

    private static byte[] Bytes(JsonObject machine) => JsonSerializer.SerializeToUtf8Bytes((JsonNode)machine);
}
