// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.Simulation;

/// <summary>What Cluster API's webhooks set and refuse of Machines and Clusters, at either version.</summary>
internal static partial class ClusterApiAdmission
{
    private const string Machine = "Machine", V1Beta1 = "v1beta1";

    /// <summary>Sets what was left out.</summary>
    public static AdmissionVerdict Default(JsonObject obj)
    {
        if (obj.Text("kind") != Machine)
        {
            return AdmissionVerdict.Fine;
        }

        JsonArray patch = [];
        var cluster = obj.Text("spec", "clusterName") ?? "";
        if (obj.Map("metadata", "labels") is null)
        {
            patch.Add((JsonNode)Set("/metadata/labels", new JsonObject { [WellKnown.ClusterNameLabel] = cluster }));
        }
        else if (obj.Text("metadata", "labels", WellKnown.ClusterNameLabel) != cluster)
        {
            patch.Add((JsonNode)Set($"/metadata/labels/{WellKnown.ClusterNameLabel.Replace("/", "~1", StringComparison.Ordinal)}", cluster));
        }

        if (obj.Text("spec", "version") is { Length: > 0 } version && version[0] != 'v')
        {
            patch.Add((JsonNode)Set("/spec/version", $"v{version}"));
        }

        DefaultOf(obj, patch);
        return new AdmissionVerdict([], patch);
    }

    /// <summary>Refuses what is wrong.</summary>
    /// <param name="obj">As it is to be.</param>
    /// <param name="old">As it is; null when it is made.</param>
    public static AdmissionVerdict Validate(JsonObject obj, JsonObject? old)
    {
        List<string> problems = [];
        if (obj.Text("kind") == Machine)
        {
            ValidateMachine(obj, old, problems);
        }
        else
        {
            ValidateCluster(obj, old, problems);
        }

        return new AdmissionVerdict(problems, []);
    }

    private static void DefaultOf(JsonObject obj, JsonArray patch)
    {
        if (!obj.Text("apiVersion")!.EndsWith(V1Beta1, StringComparison.Ordinal))
        {
            if (obj.Map("spec", "deletion") is null)
            {
                patch.Add((JsonNode)Set("/spec/deletion", new JsonObject { ["nodeDeletionTimeoutSeconds"] = 10 }));
            }
            else if (obj.At("spec", "deletion", "nodeDeletionTimeoutSeconds") is null)
            {
                patch.Add((JsonNode)Set("/spec/deletion/nodeDeletionTimeoutSeconds", 10));
            }

            return;
        }

        if (obj.At("spec", "nodeDeletionTimeout") is null)
        {
            patch.Add((JsonNode)Set("/spec/nodeDeletionTimeout", "10s"));
        }

        var ns = obj.Text("metadata", "namespace") ?? "";
        if (obj.Map("spec", "bootstrap", "configRef") is { } config && config.Text("namespace") is not { Length: > 0 })
        {
            patch.Add((JsonNode)Set("/spec/bootstrap/configRef/namespace", ns));
        }

        if (obj.Map("spec", "infrastructureRef") is { } infrastructure && infrastructure.Text("namespace") is not { Length: > 0 })
        {
            patch.Add((JsonNode)Set("/spec/infrastructureRef/namespace", ns));
        }
    }

    private static void ValidateMachine(JsonObject machine, JsonObject? old, List<string> problems)
    {
        if (machine.Map("spec", "bootstrap", "configRef") is null && machine.Text("spec", "bootstrap", "dataSecretName") is null)
        {
            problems.Add("spec.bootstrap: Required value: expected either spec.bootstrap.dataSecretName or spec.bootstrap.configRef to be populated");
        }

        foreach (var path in (string[][])[["spec", "bootstrap", "configRef"], ["spec", "infrastructureRef"]])
        {
            if (machine.Map(path).Text("namespace") is { Length: > 0 } ns && ns != machine.Text("metadata", "namespace"))
            {
                problems.Add($"{string.Join('.', path)}.namespace: Invalid value: \"{ns}\": must match metadata.namespace");
            }
        }

        if (old is not null && old.Text("spec", "clusterName") != machine.Text("spec", "clusterName"))
        {
            problems.Add("spec.clusterName: Forbidden: field is immutable");
        }

        if (machine.Text("spec", "version") is { Length: > 0 } version && !FullVersion().IsMatch(version))
        {
            problems.Add($"spec.version: Invalid value: \"{version}\": must be a valid semantic version");
        }
    }

    private static void ValidateCluster(JsonObject cluster, JsonObject? old, List<string> problems)
    {
        var name = cluster.Text("metadata", "name") ?? "";
        problems.AddRange(ObjectNames.LabelValueErrors(name).Select(why => $"metadata.name: Invalid value: \"{name}\": must be a valid label value {why}"));
        if (cluster.Map("spec", "controlPlaneRef") is null && cluster.Map("spec", "infrastructureRef") is null)
        {
            problems.Add("spec: Forbidden: one of spec.controlPlaneRef, spec.infrastructureRef or spec.topology must be set");
        }

        foreach (var reference in (string[])["infrastructureRef", "controlPlaneRef"])
        {
            if (old.Map("spec", reference) is not null && cluster.Map("spec", reference) is null)
            {
                problems.Add($"spec.{reference}: Forbidden: cannot be removed");
            }
        }
    }

    private static JsonObject Set(string path, JsonNode value) => new() { ["op"] = "add", ["path"] = path, ["value"] = value };

    [GeneratedRegex(@"^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FullVersion();
}
