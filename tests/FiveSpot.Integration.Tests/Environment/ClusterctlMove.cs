// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// What <c>clusterctl move</c> of Cluster API 1.10 does with the namespace of a scenario: which objects it takes is found by its own
/// rules, from labels, owners and names. Its kinds are those of definitions that have its label, Secrets and ConfigMaps. It takes
/// whatever belongs to a Cluster or to an object whose kind is labelled for that, directly or not, and what is labelled itself; but
/// nothing that has an owner which it does not take.
/// </summary>
internal sealed class ClusterctlMove
{
    private const string Label = "clusterctl.cluster.x-k8s.io", MoveLabel = $"{Label}/move", HierarchyLabel = $"{Label}/move-hierarchy";

    private static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    // A Secret without an owner is a Cluster's by a name such as office-kubeconfig.
    private static readonly string[] Purposes = ["kubeconfig", "ca", "etcd", "sa", "proxy"];

    private static readonly byte[] ForMove = Encoding.UTF8.GetBytes(
        $$"""[{"op":"add","path":"/metadata/annotations","value":{"{{Label}}/delete-for-move":""} }]""");

    private readonly Cluster _source;
    private readonly Cluster _target;
    private readonly Func<Task> _settle;
    private readonly List<Candidate> _moved = [];

    private ClusterctlMove(Cluster source, Cluster target, Func<Task> settle) => (_source, _target, _settle) = (source, target, settle);

    /// <summary>What is moved, as <c>Kind/name</c>, each after its owners.</summary>
    public IEnumerable<string> Moved => _moved.Select(moved => $"{moved.Type.Kind}/{moved.Key.Name}");

    /// <summary>Finds out what is to be moved.</summary>
    /// <param name="source">From where.</param>
    /// <param name="target">To where: the same namespace of another cluster.</param>
    /// <param name="settle">Waits until everybody has done what there is to do; called after each call.</param>
    public static async Task<ClusterctlMove> DiscoverAsync(Cluster source, Cluster target, Func<Task> settle)
    {
        var move = new ClusterctlMove(source, target, settle);
        var candidates = new List<Candidate>();
        foreach (var (type, isMoved, isHierarchy) in await KindsAsync(source))
        {
            candidates.AddRange((await source.ListAsync(type)).Select(found => new Candidate(type, found["metadata"]!, isMoved, isHierarchy)));
        }

        var clusters = candidates.Where(candidate => candidate.Type.Kind == "Cluster").ToList();
        foreach (var secret in candidates.Where(candidate => candidate.Type == Kinds.Secret && candidate.Owners.Count == 0))
        {
            secret.Owners.UnionWith(clusters
                .Where(cluster => Purposes.Any(purpose => secret.Key.Name == $"{cluster.Key.Name}-{purpose}")).Select(cluster => cluster.Uid));
        }

        var belonging = candidates.Where(candidate => candidate.IsHierarchy).ToHashSet();
        while (candidates.Where(candidate => belonging.Any(owner => candidate.Owners.Contains(owner.Uid))).Any(belonging.Add))
        {
            // What belongs to those may have something of its own.
        }

        move.AddInOrder([.. candidates.Where(candidate => candidate.IsMoved || belonging.Contains(candidate))]);
        return move;
    }

    /// <summary>Pauses the Clusters at the source.</summary>
    public Task PauseAsync() => SetPausedAsync(_source, "true");

    /// <summary>Ends the pause of the Clusters at the target.</summary>
    public Task ResumeAsync() => SetPausedAsync(_target, "null");

    /// <summary>Makes everything at the target, owners first, as it is at the source, but for their uids.</summary>
    public async Task CreateAsync()
    {
        var uids = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var moved in _moved)
        {
            var obj = (await _source.GetAsync(moved.Type, moved.Key.Name))!;
            obj["metadata"]!.AsObject().Remove("resourceVersion");
            foreach (var owner in obj["metadata"]!["ownerReferences"]?.AsArray() ?? [])
            {
                owner!["uid"] = uids[(string)owner["uid"]!].DeepClone();
            }

            var made = await _target.Api.CreateAsync(
                moved.Type, moved.Key.Namespace, Encoding.UTF8.GetBytes(obj.ToJsonString()), "clusterctl", Cluster.Parse, CancellationToken.None);
            uids[moved.Uid] = made["metadata"]!["uid"]!;
            await _settle();
        }
    }

    /// <summary>Deletes everything at the source, owners last, whatever finalizers it has.</summary>
    public async Task DeleteAsync()
    {
        foreach (var moved in Enumerable.Reverse(_moved))
        {
            var found = await _source.Api.JsonPatchAsync(moved.Type, moved.Key, ForMove, "clusterctl", null, Cluster.Parse, CancellationToken.None);
            await _settle();
            await _source.Api.DeleteAsync(moved.Type, moved.Key, options: null, CancellationToken.None);
            await _settle();
            if (found["metadata"]!["finalizers"] is not null)
            {
                await _source.PatchAsync(moved.Type, moved.Key.Name, """{"metadata":{"finalizers":[]}}""");
                await _settle();
            }

            (await _source.GetAsync(moved.Type, moved.Key.Name)).ShouldBeNull($"{moved.Type.Kind} goes at once");
        }
    }

    private static async Task<IReadOnlyList<(ResourceType Type, bool IsMoved, bool IsHierarchy)>> KindsAsync(Cluster source)
    {
        var kinds = new List<(ResourceType, bool, bool)> { (Kinds.Secret, false, false), (ConfigMap, false, false) };
        foreach (var definition in await source.ListAsync(Kinds.Crd))
        {
            if (definition["metadata"]!["labels"]?.AsObject() is not { } labels || !labels.ContainsKey(Label))
            {
                continue;
            }

            var (spec, names) = (definition["spec"]!, definition["spec"]!["names"]!);
            var version = spec["versions"]!.AsArray().Single(version => (bool)version!["storage"]!)!;
            var type = new ResourceType((string)spec["group"]!, (string)version["name"]!, (string)names["plural"]!, (string)names["kind"]!, Namespaced: true);
            var isHierarchy = labels.ContainsKey(HierarchyLabel) || type is { Group: "cluster.x-k8s.io", Kind: "Cluster" };
            kinds.Add((type, isHierarchy || labels.ContainsKey(MoveLabel), isHierarchy));
        }

        return kinds;
    }

    private void AddInOrder(List<Candidate> left)
    {
        var uids = new HashSet<string>(StringComparer.Ordinal);
        while (left.Where(candidate => candidate.Owners.IsSubsetOf(uids)).ToList() is { Count: > 0 } next)
        {
            _moved.AddRange(next);
            uids.UnionWith(next.Select(candidate => candidate.Uid));
            left.RemoveAll(next.Contains);
        }
    }

    private async Task SetPausedAsync(Cluster cluster, string value)
    {
        foreach (var moved in _moved.Where(moved => moved.Type.Kind == "Cluster"))
        {
            await cluster.PatchAsync(moved.Type, moved.Key.Name, $$"""{"spec":{"paused":{{value}} } }""");
        }

        await _settle();
    }

    private sealed class Candidate(ResourceType type, JsonNode metadata, bool isMoved, bool isHierarchy)
    {
        public ResourceType Type => type;

        public ObjectKey Key { get; } = new((string)metadata["namespace"]!, (string)metadata["name"]!);

        public string Uid { get; } = (string)metadata["uid"]!;

        public HashSet<string> Owners { get; } = [.. (metadata["ownerReferences"]?.AsArray() ?? []).Select(owner => (string)owner!["uid"]!)];

        /// <summary>Whether whatever belongs to it is moved with it.</summary>
        public bool IsHierarchy { get; } = isHierarchy || metadata["labels"]?[HierarchyLabel] is not null;

        /// <summary>Whether it is moved, whatever it belongs to.</summary>
        public bool IsMoved { get; } = isMoved || metadata["labels"]?[MoveLabel] is not null;
    }
}
