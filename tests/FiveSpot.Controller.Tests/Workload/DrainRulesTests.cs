// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>Contract, section 7: what Cluster API's rules say about a Pod, as Cluster API reads them.</summary>
public sealed class DrainRulesTests
{
    private static readonly CapiMachine Machine = new()
    {
        ApiVersion = "cluster.x-k8s.io/v1beta2",
        Metadata = new ObjectMetadata { Name = "pc-1", Namespace = "default", Labels = new Dictionary<string, string> { ["os"] = "linux" } },
    };

    private static readonly Dictionary<string, string> Production = new() { ["stage"] = "production" };

    [Theory]
    [InlineData("skip", DrainBehavior.Skip)]
    [InlineData("Skip", DrainBehavior.Skip)]
    [InlineData("SKIP", DrainBehavior.Skip)]
    [InlineData("wait-completed", DrainBehavior.WaitCompleted)]
    [InlineData("Wait-Completed", DrainBehavior.WaitCompleted)]
    [InlineData("WaitCompleted", DrainBehavior.WaitCompleted)]
    [InlineData("waitcompleted", DrainBehavior.WaitCompleted)]
    [InlineData("waitcom-pleted", DrainBehavior.WaitCompleted)]
    [InlineData("wait--completed", null)]
    [InlineData("wait_completed", null)]
    [InlineData("s-kip", null)]
    [InlineData("drain", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_label_is_read_as_Cluster_API_reads_it(string? value, DrainBehavior? behavior) => DrainRules.ReadLabel(value).ShouldBe(behavior);

    [Fact]
    public void A_pod_without_a_label_or_a_rule_is_drained()
    {
        DrainRules.None.For(PodOf()).ShouldBe(new PodDrain(DrainBehavior.Drain));
        DrainRules.None.For(PodOf(("cluster.x-k8s.io/drain", "whatever"))).ShouldBe(new PodDrain(DrainBehavior.Drain));
    }

    [Fact]
    public void The_label_comes_before_every_rule()
    {
        var rules = Rules(Rule("a", "Drain", order: 5));
        rules.For(PodOf(("cluster.x-k8s.io/drain", "skip"))).Behavior.ShouldBe(DrainBehavior.Skip);
        rules.For(PodOf(("cluster.x-k8s.io/drain", "wait-completed"))).ShouldBe(new PodDrain(DrainBehavior.WaitCompleted));
        rules.For(PodOf(("cluster.x-k8s.io/drain", "later"))).ShouldBe(new PodDrain(DrainBehavior.Drain, 5), "a value that is none says nothing");
        DrainRules.Unreadable("it is down").For(PodOf(("cluster.x-k8s.io/drain", "skip"))).Behavior.ShouldBe(DrainBehavior.Skip);
    }

    [Fact]
    public void Of_the_rules_that_select_a_pod_the_first_by_name_counts()
    {
        var rules = Rules(Rule("b", "Skip"), Rule("a", "Drain", order: -3, pods: """[{"selector":{"matchLabels":{"app":"web"}}}]"""));
        rules.For(PodOf(("app", "web"))).ShouldBe(new PodDrain(DrainBehavior.Drain, -3));
        rules.For(PodOf(("app", "db"))).Behavior.ShouldBe(DrainBehavior.Skip);
    }

    [Fact]
    public void Order_is_for_those_that_are_evicted() =>
        Rules(Rule("a", "WaitCompleted", order: 7)).For(PodOf()).ShouldBe(new PodDrain(DrainBehavior.WaitCompleted, 0));

    [Theory]
    [InlineData("""[{"selector":{"matchLabels":{"os":"linux"}}}]""", true)]
    [InlineData("""[{"selector":{"matchLabels":{"os":"windows"}}}]""", false)]
    [InlineData("""[{"selector":{}}]""", true)]
    [InlineData("""[{"clusterSelector":{"matchLabels":{"stage":"production"}}}]""", true)]
    [InlineData("""[{"clusterSelector":{"matchLabels":{"stage":"test"}}}]""", false)]
    [InlineData("""[{"selector":{"matchLabels":{"os":"windows"}},"clusterSelector":{"matchLabels":{"stage":"production"}}}]""", false)]
    [InlineData("""[{"selector":{"matchLabels":{"os":"windows"}}},{"clusterSelector":{"matchLabels":{"stage":"production"}}}]""", true)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"os","operator":"In","values":["linux","bsd"]}]}}]""", true)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"os","operator":"NotIn","values":["linux","bsd"]}]}}]""", false)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"gpu","operator":"NotIn","values":["a"]}]}}]""", true)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"gpu","operator":"Exists"}]}}]""", false)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"gpu","operator":"DoesNotExist","values":[]}]}}]""", true)]
    [InlineData("""[{"selector":{"matchLabels":{"os":"linux"},"matchExpressions":[{"key":"gpu","operator":"Exists"}]}}]""", false)]
    public void Machines_are_selected_by_their_labels_and_those_of_their_Cluster(string machines, bool selects) =>
        Rules(Rule("a", "Skip", machines: machines)).For(PodOf()).Behavior.ShouldBe(selects ? DrainBehavior.Skip : DrainBehavior.Drain);

    [Theory]
    [InlineData("""[{"selector":{"matchLabels":{"app":"web"}}}]""", DrainBehavior.Skip)]
    [InlineData("""[{"selector":{"matchLabels":{"app":"db"}}}]""", DrainBehavior.Drain)]
    [InlineData("""[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"team"}}}]""", DrainBehavior.Skip)]
    [InlineData("""[{"namespaceSelector":{"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["team"]}]}}]""", DrainBehavior.Drain)]
    [InlineData("""[{"namespaceSelector":{"matchLabels":{"owner":"us"}}}]""", DrainBehavior.Undecided)]
    [InlineData("""[{"selector":{"matchLabels":{"app":"db"}},"namespaceSelector":{"matchLabels":{"owner":"us"}}}]""", DrainBehavior.Drain)]
    [InlineData("""[{"namespaceSelector":{"matchLabels":{"owner":"us","kubernetes.io/metadata.name":"other"}}}]""", DrainBehavior.Drain)]
    [InlineData("""[{"namespaceSelector":{"matchLabels":{"owner":"us"}}},{"selector":{"matchLabels":{"app":"web"}}}]""", DrainBehavior.Skip)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"app","operator":"GreaterThan","values":["1"]}]}}]""", DrainBehavior.Undecided)]
    [InlineData("""[{"selector":{"matchExpressions":[{"key":"app","operator":"In"}]}}]""", DrainBehavior.Undecided)]
    [InlineData("""[{"selector":"everything"}]""", DrainBehavior.Undecided)]
    [InlineData("""[]""", DrainBehavior.Skip)]
    public void Pods_are_selected_by_their_labels_and_the_name_of_their_namespace(string pods, DrainBehavior behavior) =>
        Rules(Rule("a", "Skip", pods: pods)).For(PodOf(("app", "web"))).Behavior.ShouldBe(behavior);

    [Fact]
    public void What_can_not_be_told_is_left_to_Cluster_API_and_said()
    {
        var byOwner = Rule("owners", "WaitCompleted", pods: """[{"namespaceSelector":{"matchLabels":{"owner":"us"}}}]""");
        Rules(byOwner).For(PodOf()).ShouldBe(new PodDrain(DrainBehavior.Undecided, 0, "only it can tell what MachineDrainRule owners means for them"));
        Rules(Rule("newer", "Evaporate")).For(PodOf()).Behavior.ShouldBe(DrainBehavior.Undecided);
        Rules(byOwner, Rule("a", "Skip")).For(PodOf()).Behavior.ShouldBe(DrainBehavior.Skip, "a rule before it says enough");
        DrainRules.Of([Rule("a", "Skip", machines: """[{"clusterSelector":{"matchLabels":{"stage":"test"}}}]""")], Machine, clusterLabels: null)
            .For(PodOf()).Behavior.ShouldBe(DrainBehavior.Undecided, "the Cluster is not known");
        DrainRules.Of([Rule("a", "Skip", machines: """[{"selector":{"matchLabels":{"os":"linux"}}}]""")], Machine, clusterLabels: null)
            .For(PodOf()).Behavior.ShouldBe(DrainBehavior.Skip, "nor need it be");
        DrainRules.Unreadable("MachineDrainRules can't be read: no").For(PodOf()).ShouldBe(new PodDrain(DrainBehavior.Undecided, 0, "MachineDrainRules can't be read: no"));
    }

    [Fact]
    public void While_it_is_not_known_whether_there_are_any_nothing_is_left_to_anybody()
    {
        DrainRules.Pending.For(PodOf()).ShouldBe(new PodDrain(DrainBehavior.Undecided), "nor evicted");
        DrainRules.Pending.For(PodOf(("cluster.x-k8s.io/drain", "skip"))).Behavior.ShouldBe(DrainBehavior.Skip);
    }

    [Fact]
    public void Of_a_Cluster_that_Cluster_API_does_not_drain_such_a_rule_is_none()
    {
        ImmutableArray<MachineDrainRule> rules = [Rule("a", "WaitCompleted", pods: """[{"namespaceSelector":{"matchLabels":{"owner":"us"}}}]"""), Rule("b", "Skip", pods: """[{"selector":{"matchLabels":{"app":"db"}}}]""")];
        var decided = DrainRules.Of(rules, Machine, Production, clusterApiDrains: false);
        decided.For(PodOf(("app", "web"))).ShouldBe(new PodDrain(DrainBehavior.Drain));
        decided.For(PodOf(("app", "db"))).Behavior.ShouldBe(DrainBehavior.Skip);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":{"name":"a"},"spec":null}""")]
    [InlineData("""{"metadata":{"name":"a"},"spec":{"drain":[],"machines":{},"pods":7}}""")]
    [InlineData("""{"metadata":{"name":"a"},"spec":{"drain":{"behavior":5,"order":"5"}}}""")]
    public void What_is_no_rule_is_undecided(string json) =>
        MachineDrainRuleReader.Read(Encoding.UTF8.GetBytes(json)).Behavior.ShouldBe(DrainBehavior.Undecided);

    [Fact]
    public void A_pods_label_is_read_with_it()
    {
        PodReader.Read("""{"metadata":{"name":"a","labels":{"cluster.x-k8s.io/drain":"Skip"}}}"""u8).DrainLabel.ShouldBe(DrainBehavior.Skip);
        PodReader.Read("""{"metadata":{"name":"a","labels":{"app":"web"}}}"""u8).DrainLabel.ShouldBeNull();
        PodReader.Read("""{"metadata":{"name":"a"}}"""u8).DrainLabel.ShouldBeNull();
    }

    private static Pod PodOf(params (string Key, string Value)[] labels) => PodReader.Read(Encoding.UTF8.GetBytes(
        $$"""{"metadata":{"name":"web-1","namespace":"team","uid":"1","labels":{ {{string.Join(',', labels.Select(label => $"\"{label.Key}\":\"{label.Value}\""))}} } } }"""));

    private static MachineDrainRule Rule(string name, string behavior, int? order = null, string? machines = null, string? pods = null) =>
        MachineDrainRuleReader.Read(Encoding.UTF8.GetBytes($$"""
            {"metadata":{"name":"{{name}}","namespace":"default","uid":"{{name}}","resourceVersion":"1"},
             "spec":{"drain":{"behavior":"{{behavior}}"{{(order is null ? "" : $",\"order\":{order}")}} }
              {{(machines is null ? "" : $",\"machines\":{machines}")}}{{(pods is null ? "" : $",\"pods\":{pods}")}} } }
            """));

    private static DrainRules Rules(params MachineDrainRule[] rules) =>
        DrainRules.Of([.. rules.OrderBy(rule => rule.Metadata.Name, StringComparer.Ordinal)], Machine, Production);
}
