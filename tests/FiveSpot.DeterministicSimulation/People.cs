// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.DeterministicSimulation;

/// <summary>Those who make, change and delete things, and those whose machines they are.</summary>
internal sealed class People(
    ApiClient api, IReadOnlyDictionary<string, ApiClient> workloads, IReadOnlyDictionary<string, EmbeddedApiServer> servers, Plan plan, Trace trace, Counts counts, Properties properties)
{
    private readonly List<JsonObject> _machines = [];

    /// <summary>The name of a machine.</summary>
    public static string NameOf(int number) => $"pc-{number}";

    /// <summary>Makes all ScheduledMachines.</summary>
    public async Task ApplyAsync(CancellationToken stop)
    {
        var random = plan.Seed.For("machines");
        for (var number = 0; number < plan.Machines; number++)
        {
            // In a few plans the last two are one computer, for two clusters.
            var address = number == plan.Machines - 1 && random.Next(4) == 0 ? number - 1 : number;
            var week = Week.All[random.Next(3) == 0 ? random.Next(Week.All.Count) : random.Next(20)];
            var machine = JsonNode.Parse($$"""
                {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"{{NameOf(number)}}"} ,
                 "spec":{"clusterName":"{{(random.Next(2) == 0 ? "blue" : "green")}}","schedule":{{week.Json}} ,
                  "priority":{{random.Next(100)}},"gracefulShutdownTimeout":"{{random.Next(6)}}m","nodeDrainTimeout":"{{1 + random.Next(10)}}m",
                  "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"version":"v1.34.1+k0s.0"} },
                  "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine",
                    "spec":{"address":"192.0.2.{{address + 1}}","port":22,"user":"k0s","sshKeyRef":{"name":"key"} } } } }
                """)!.AsObject();
            if (random.Next(3) == 0)
            {
                machine["spec"]!["nodeTaints"] = JsonNode.Parse("""[{"key":"lent","value":"yes","effect":"PreferNoSchedule"}]""");
            }

            if (random.Next(12) == 0)
            {
                machine["spec"]!["schedule"]!["enabled"] = false;
            }

            _machines.Add(machine);
            await World.CreateAsync(api, World.ScheduledMachines, World.Namespace, (JsonObject)machine.DeepClone(), stop);
        }
    }

    /// <summary>Does what somebody does.</summary>
    public async Task ActAsync(Fault fault, VirtualTime time, World world)
    {
        var number = fault.Whom % plan.Machines;
        var name = NameOf(number);
        try
        {
            var done = fault.Kind switch
            {
                FaultKind.NodeDeleted => await DeleteNodeAsync(name),
                FaultKind.SecretGone => await WithoutSecretAsync(fault, time, world),
                FaultKind.ClusterPaused => await PausedAsync(fault, time),
                FaultKind.MachineDeleted => await DeleteIfThereAsync(api, World.Machines, Key(name)),
                FaultKind.ScheduleEdited => await PatchAsync(name, $$"""{"spec":{"schedule":{{Week.All[fault.Whom % Week.All.Count].Json}} } }"""),
                FaultKind.Extended => await PatchAsync(name, $$"""{"spec":{"schedule":{{Week.All[fault.Whom % 5].Json}} } }"""),
                FaultKind.Switched => await SwitchAsync(name),
                FaultKind.KillSwitch => await PatchAsync(name, $$"""{"spec":{"killSwitch":{{(fault.Whom % 2 == 0 ? "true" : "false")}} } }"""),
                FaultKind.Deleted => await DeleteAsync(number, fault, time),
                FaultKind.OwnerReturns => await ReclaimAsync(name, time),
                FaultKind.CordonedByPerson => await CordonAsync(name),
                _ => false,
            };
            if (done)
            {
                counts.Add(fault.Kind);
            }
        }
        catch (ApiException refused) when (refused.IsNotFound || refused.IsConflict || refused.IsAlreadyExists)
        {
            trace.Add("people", $"{fault.Kind} of {name} was refused: {refused.Code}");
        }
    }

    private static ObjectKey Key(string name) => new(World.Namespace, name);

    private async Task<bool> PatchAsync(string name, string patch)
    {
        trace.Add("people", $"{name}: {patch}");
        await api.MergePatchAsync(World.ScheduledMachines, Key(name), Encoding.UTF8.GetBytes(patch), "people", null, World.Parse, default);
        return true;
    }

    private async Task<bool> SwitchAsync(string name)
    {
        var machine = await api.GetAsync(World.ScheduledMachines, Key(name), World.Parse, default);
        return await PatchAsync(name, $$"""{"spec":{"schedule":{"enabled":{{((bool?)machine["spec"]!["schedule"]!["enabled"] == false ? "true" : "false")}} },"killSwitch":false} }""");
    }

    private async Task<bool> DeleteAsync(int number, Fault fault, VirtualTime time)
    {
        var name = NameOf(number);
        if (!await DeleteIfThereAsync(api, World.ScheduledMachines, Key(name)))
        {
            return false;
        }

        trace.Add("people", $"{name} is deleted");

        // Again: at once, while the former one is not gone yet, or later. It is tried until it can be.
        await Task.Delay(TimeSpan.FromSeconds(fault.Whom % 4 == 0 ? 1 : fault.Whom), time);
        while (true)
        {
            try
            {
                await World.CreateAsync(api, World.ScheduledMachines, World.Namespace, (JsonObject)_machines[number].DeepClone(), default);
                trace.Add("people", $"{name} is there again");
                return true;
            }
            catch (ApiException refused) when (refused.IsAlreadyExists)
            {
                await Task.Delay(TimeSpan.FromSeconds(30), time);
            }
        }
    }

    private static async Task<bool> DeleteIfThereAsync(ApiClient api, ResourceType type, ObjectKey key)
    {
        try
        {
            await api.DeleteAsync(type, key, options: null, default);
            return true;
        }
        catch (ApiException refused) when (refused.IsNotFound)
        {
            return false;
        }
    }

    // ---- on Nodes

    private async Task<(ApiClient Workload, JsonObject Node)?> NodeOfAsync(string name)
    {
        foreach (var workload in workloads.Values)
        {
            if (await workload.TryGetAsync(World.Nodes, ObjectKey.ClusterScoped(name), World.Parse, default) is { } node)
            {
                return (workload, node);
            }
        }

        return null;
    }

    private async Task<bool> DeleteNodeAsync(string name) =>
        await NodeOfAsync(name) is { } found && await DeleteIfThereAsync(found.Workload, World.Nodes, ObjectKey.ClusterScoped(name));

    private async Task<bool> CordonAsync(string name)
    {
        if (await NodeOfAsync(name) is not { } found)
        {
            return false;
        }

        // With a label and a taint of their own: nothing of a person's is to be taken back by anybody else.
        properties.Cordoned((string)found.Node["metadata"]!["uid"]!, (bool?)found.Node["spec"]!["unschedulable"] == true);
        await found.Workload.MergePatchAsync(
            World.Nodes,
            ObjectKey.ClusterScoped(name),
            """{"metadata":{"labels":{"person":"was-here"}},"spec":{"unschedulable":true} }"""u8.ToArray(),
            "people",
            null,
            World.Parse,
            default);
        trace.Add("people", $"{name} is cordoned");
        return true;
    }

    // What the reclaim agent writes when it sees the owner's program.
    private async Task<bool> ReclaimAsync(string name, VirtualTime time)
    {
        if (await NodeOfAsync(name) is not { } found)
        {
            return false;
        }

        properties.Reclaimed(name);
        await found.Workload.MergePatchAsync(
            World.Nodes,
            ObjectKey.ClusterScoped(name),
            Encoding.UTF8.GetBytes($$"""
                {"metadata":{"annotations":{"{{WellKnown.ReclaimRequestedAnnotation}}":"true","{{WellKnown.ReclaimReasonAnnotation}}":"process-match: java",
                  "{{WellKnown.ReclaimRequestedAtAnnotation}}":"{{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}}"} } }
                """),
            "5spot-reclaim-agent",
            null,
            World.Parse,
            default);
        trace.Add("people", $"the owner of {name} is back");
        return true;
    }

    // ---- on Clusters

    private string ClusterOf(Fault fault) => servers.Keys.Order(StringComparer.Ordinal).Where(static name => name != "management").ElementAt(fault.Whom % 2);

    private async Task<bool> WithoutSecretAsync(Fault fault, VirtualTime time, World world)
    {
        var name = ClusterOf(fault);
        var key = new ObjectKey(World.Namespace, $"{name}-kubeconfig");
        if (!await DeleteIfThereAsync(api, World.Secrets, key))
        {
            return false;
        }

        trace.Add("people", $"Secret {key} is gone");
        await Task.Delay(fault.For, time);
        await World.CreateAsync(api, World.Secrets, World.Namespace, world.Secret(name), default);
        trace.Add("people", $"Secret {key} is back");
        return true;
    }

    private async Task<bool> PausedAsync(Fault fault, VirtualTime time)
    {
        var key = new ObjectKey(World.Namespace, ClusterOf(fault));
        await api.MergePatchAsync(World.Clusters, key, """{"spec":{"paused":true} }"""u8.ToArray(), "people", null, World.Parse, default);
        trace.Add("people", $"Cluster {key} is paused");
        await Task.Delay(fault.For, time);
        await api.MergePatchAsync(World.Clusters, key, """{"spec":{"paused":false} }"""u8.ToArray(), "people", null, World.Parse, default);
        trace.Add("people", $"Cluster {key} goes on");
        return true;
    }
}
