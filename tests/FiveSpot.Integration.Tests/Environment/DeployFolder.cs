// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A folder of <c>deploy</c> with objects in it, as <c>kubectl apply -k</c> would take it. Each of its files is one object.</summary>
internal sealed class DeployFolder
{
    public static readonly ResourceType Policy =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", Namespaced: false);

    public static readonly ResourceType Binding =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", Namespaced: false);

    private static readonly ResourceType[] Types =
    [
        Policy, Binding, Kinds.Namespace, Kinds.ServiceAccount, Kinds.ClusterRole, Kinds.ClusterRoleBinding, Kinds.Role, Kinds.RoleBinding, Kinds.DaemonSet,
    ];

    public DeployFolder(string name)
    {
        Path = Repository.PathOf($"deploy/{name}");
        Kustomization = Read("kustomization.yaml");
        Named = [.. Kustomization["resources"]!.AsArray().Select(file => (string)file!)];
        Present = [.. Directory.GetFiles(Path).Select(file => System.IO.Path.GetFileName(file)).Where(file => file != "kustomization.yaml")];
    }

    public string Path { get; }

    public JsonObject Kustomization { get; }

    /// <summary>The files that its kustomization names.</summary>
    public IReadOnlyList<string> Named { get; }

    /// <summary>The files that are there.</summary>
    public IReadOnlyList<string> Present { get; }

    public JsonObject Read(string file) => YamlText.Parse(File.ReadAllBytes(System.IO.Path.Combine(Path, file)))!.AsObject();

    /// <summary>Applies all of it, in its order; or what is of some kinds.</summary>
    public async Task ApplyAsync(ApiClient api, IReadOnlyCollection<ResourceType>? kinds = null)
    {
        foreach (var manifest in Named.Select(Read).Where(manifest => kinds is null || kinds.Any(kind => kind.Kind == (string)manifest["kind"]!)))
        {
            var (type, key) = Identify(manifest);
            await api.ApplyAsync(
                type, key, JsonSerializer.SerializeToUtf8Bytes((JsonNode)manifest), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);
        }
    }

    /// <summary>Takes it away, the last first, but for rights: those are for every scenario.</summary>
    public async Task DeleteAsync(ApiClient api)
    {
        foreach (var (type, key) in Named.Reverse().Select(Read).Select(Identify).Where(one => one.Type == Policy || one.Type == Binding || one.Type == Kinds.DaemonSet))
        {
            await api.DeleteAsync(type, key, null, CancellationToken.None);
        }
    }

    private static (ResourceType Type, ObjectKey Key) Identify(JsonObject manifest) =>
    (
        Types.Single(type => type.ApiVersion == (string)manifest["apiVersion"]! && type.Kind == (string)manifest["kind"]!),
        new ObjectKey((string?)manifest["metadata"]!["namespace"] ?? "", Definitions.NameOf(manifest))
    );
}
