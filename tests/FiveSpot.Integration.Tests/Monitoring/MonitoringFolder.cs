// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Monitoring;

/// <summary><c>deploy/monitoring</c>, as it is deployed.</summary>
internal static class MonitoringFolder
{
    /// <summary>The rules, each a fresh object.</summary>
    public static IReadOnlyList<JsonObject> Rules() => [.. Groups()["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!.AsObject())];

    /// <summary>The rules as a file of Prometheus's own: what the operator makes of a PrometheusRule.</summary>
    public static JsonObject Groups() => Read("deploy/monitoring/prometheusrule.yaml")["spec"]!.AsObject();

    public static JsonObject Dashboard() => JsonNode.Parse(File.ReadAllText(Repository.PathOf("deploy/monitoring/dashboard.json")))!.AsObject();

    /// <summary>What the panels of the dashboard ask, with Grafana's own variables filled in.</summary>
    public static IReadOnlyList<(string Panel, string Expression)> Questions() =>
    [
        .. from panel in Dashboard()["panels"]!.AsArray()
           from target in panel!["targets"]?.AsArray() ?? []
           select ((string)panel["title"]!, ((string)target!["expr"]!)
               .Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$job", ".*", StringComparison.Ordinal)),
    ];

    public static JsonObject Read(string path) => YamlText.Parse(File.ReadAllBytes(Repository.PathOf(path)))!.AsObject();
}
