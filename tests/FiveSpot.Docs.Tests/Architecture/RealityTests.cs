// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Text.Json.Nodes;
using FiveSpot.Api;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>The model says what is so: ports, rights, names.</summary>
public sealed class RealityTests
{
    [Fact]
    public void The_agents_port_is_that_of_its_DaemonSet()
    {
        var model = CalmArchitecture.Interface("agent-diagnostics");
        var container = Container("deploy/node-agent/daemonset.yaml");
        container.Texts("args").ShouldContain($"--metrics-port={model["port"]}");
        container.Texts("args").ShouldContain($"--metrics-address={model.Text("host")}");
        Probes(container).ShouldBe([(model.Text("host"), $"{model["port"]}", "/readyz")]);
        model.Texts("paths").ShouldContain("/readyz");
    }

    [Fact]
    public void The_agent_listens_on_loopback_unless_it_is_told_otherwise() =>
        CommandHelp.DefaultOf("5spot-reclaim-agent", "--metrics-address").ShouldBe(CalmArchitecture.Interface("agent-diagnostics").Text("host"));

    [Theory]
    [InlineData("controller-metrics", "--metrics-port")]
    [InlineData("controller-health", "--health-port")]
    public void The_controllers_ports_are_its_defaults(string id, string flag) =>
        CommandHelp.DefaultOf("5spot", flag).ShouldBe($"{CalmArchitecture.Interface(id)["port"]}");

    [Fact]
    public void The_controllers_ports_are_those_of_its_Deployment()
    {
        var (metrics, health) = (CalmArchitecture.Interface("controller-metrics"), CalmArchitecture.Interface("controller-health"));
        var container = Container("deploy/controller/deployment.yaml");
        CalmArchitecture.List(container, "ports").Select(static port => (port.Text("name"), port.Text("containerPort")))
            .ShouldBe([("metrics", $"{metrics["port"]}"), ("health", $"{health["port"]}")], ignoreOrder: true);
        container.Texts("args").ShouldNotContain(static arg => arg.Contains("-port", StringComparison.Ordinal), "the ports are the defaults");
        Probes(container).ShouldAllBe(static probe => probe.Port == "health" && probe.Host == "");
        Probes(container).Select(static probe => probe.Path).Distinct().ShouldBe(health.Texts("paths"), ignoreOrder: true);
    }

    [Fact]
    public void The_ports_of_API_servers_are_those_that_the_NetworkPolicy_lets_through()
    {
        const string Dns = "53";
        var policy = Manifests.Read("deploy/controller/networkpolicy.yaml");
        CalmArchitecture.List(policy["spec"]!, "egress").SelectMany(static rule => CalmArchitecture.List(rule, "ports"))
            .Select(static port => port.Text("port")).Where(static port => port != Dns)
            .ShouldBe(
                CalmArchitecture.Nodes.Where(static node => node.Id is "service-kubernetes-api" or "service-workload-kubernetes-api")
                    .SelectMany(static node => CalmArchitecture.List(node, "interfaces")).Select(static api => $"{api["port"]}").Distinct(),
                ignoreOrder: true);
    }

    [Fact]
    public void The_examples_reach_their_machines_at_the_port_of_the_model()
    {
        var ports = Manifests.In("examples").Where(static manifest => manifest.Object.Text("kind") == WellKnown.Kind)
            .Select(static manifest => (string?)manifest.Object["spec"]!["infrastructureSpec"]!["spec"]!["port"]).ToList();
        ports.ShouldNotBeEmpty();
        ports.ShouldAllBe(static port => port == $"{CalmArchitecture.Interface("physical-node-provisioning")["port"]}");
    }

    [Fact]
    public void The_rights_are_those_of_the_manifests()
    {
        var modelled = CalmArchitecture.Requirements.SelectMany(static requirement => CalmArchitecture.List(requirement["config"]!, "roles")).ToList();
        modelled.Select(static role => role.Text("manifest")).ShouldBe(
            Manifests.In("deploy").Where(static manifest => manifest.Object.Text("kind") is "Role" or "ClusterRole").Select(static manifest => manifest.Path),
            ignoreOrder: true,
            "every role in deploy is in the model, and every role of the model in deploy");
        foreach (var role in modelled)
        {
            Rules(role).ShouldBe(Rules(Manifests.Read(role.Text("manifest"))), ignoreOrder: true, role.Text("manifest"));
        }
    }

    [Fact]
    public void The_field_managers_are_those_of_the_code()
    {
        var managers = CalmArchitecture.Relationships
            .SelectMany(static relationship => (relationship["metadata"]?.AsObject().Texts("field-managers") ?? []).Select(manager => (By: relationship.Ends[0].Node, Manager: manager)))
            .ToLookup(static write => write.By, static write => write.Manager);
        managers["service-reclaim-agent"].ShouldBe([WellKnown.ReclaimAgentFieldManager]);
        managers["service-five-spot-controller"].Distinct().ShouldBe(
            typeof(WellKnown).GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(static field => field.Name.EndsWith("FieldManager", StringComparison.Ordinal))
                .Select(static field => (string)field.GetRawConstantValue()!)
                .Except([WellKnown.ReclaimAgentFieldManager]),
            ignoreOrder: true);
        managers.Count.ShouldBe(2);
    }

    [Fact]
    public void The_names_are_those_of_the_code()
    {
        var resource = CalmArchitecture.Interface("scheduledmachine-v1alpha1");
        new[] { "group", "version", "kind", "plural", "finalizer" }.Select(resource.Text)
            .ShouldBe([WellKnown.Group, WellKnown.Version, WellKnown.Kind, WellKnown.Plural, WellKnown.Finalizer]);
        CalmArchitecture.Interface("reclaim-request").Texts("annotations")
            .ShouldBe([WellKnown.ReclaimRequestedAnnotation, WellKnown.ReclaimReasonAnnotation, WellKnown.ReclaimRequestedAtAnnotation]);
        var configMap = CalmArchitecture.Interface("reclaim-configmap");
        new[] { "namespace", "name-prefix", "key" }.Select(configMap.Text)
            .ShouldBe([WellKnown.SystemNamespace, WellKnown.ReclaimConfigMapPrefix, WellKnown.ReclaimConfigMapKey]);
    }

    private static JsonObject Container(string manifest) =>
        Manifests.Read(manifest)["spec"]!["template"]!["spec"]!["containers"]!.AsArray().ShouldHaveSingleItem()!.AsObject();

    private static IEnumerable<(string Host, string Port, string Path)> Probes(JsonObject container) =>
        from probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" }
        let request = container[probe]?["httpGet"]?.AsObject()
        where request is not null
        select ((string?)request["host"] ?? "", request.Text("port"), request.Text("path"));

    // The order of rules, and within one that of its words, makes no difference to RBAC.
    private static IEnumerable<string> Rules(JsonObject role) => CalmArchitecture.List(role, "rules").Select(static rule =>
        string.Join("; ", rule.OrderBy(static part => part.Key).Select(part => $"{part.Key}: {string.Join(", ", rule.Texts(part.Key).Order())}")));
}
