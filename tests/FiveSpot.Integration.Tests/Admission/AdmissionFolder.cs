// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer.Http;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary><c>deploy/admission</c>, as <c>kubectl apply -k</c> would take it.</summary>
internal static class AdmissionFolder
{
    public const string PolicyName = "scheduledmachines.5spot.finos.org";

    public static readonly ResourceType Policy =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", Namespaced: false);

    public static readonly ResourceType Binding =
        new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", Namespaced: false);

    private static readonly string Folder = Repository.PathOf("deploy/admission");

    /// <summary>The files that its kustomization names.</summary>
    public static IReadOnlyList<string> Named { get; } =
        [.. Read("kustomization.yaml")["resources"]!.AsArray().Select(file => (string)file!)];

    /// <summary>The files that are there.</summary>
    public static IReadOnlyList<string> Present { get; } =
        [.. Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)).Where(file => file != "kustomization.yaml")];

    public static async Task ApplyAsync(ApiClient api)
    {
        foreach (var manifest in Named.Select(Read))
        {
            var type = (string)manifest["kind"]! == Policy.Kind ? Policy : Binding;
            await api.ApplyAsync(
                type, new ObjectKey("", Definitions.NameOf(manifest)), JsonSerializer.SerializeToUtf8Bytes((JsonNode)manifest), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);
        }
    }

    private static JsonObject Read(string file) => YamlText.Parse(File.ReadAllBytes(Path.Combine(Folder, file)))!.AsObject();
}
