// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>What CALM's schema can't say: the parts fit each other.</summary>
public sealed class ConsistencyTests
{
    [Fact]
    public void No_id_is_used_twice()
    {
        CalmArchitecture.Nodes.SelectMany(static node => CalmArchitecture.List(node, "interfaces"))
            .Concat(CalmArchitecture.Nodes).Concat(CalmArchitecture.Relationships).Concat(CalmArchitecture.Flows)
            .Select(static part => part.Id).ShouldBeUnique();
        CalmArchitecture.Requirements.Select(static requirement => (string)requirement["config"]!["control-id"]!).ShouldBeUnique();
    }

    [Fact]
    public void A_relationship_names_nodes_that_exist_and_interfaces_that_they_have()
    {
        foreach (var relationship in CalmArchitecture.Relationships)
        {
            foreach (var (id, interfaces) in relationship.Ends)
            {
                var node = CalmArchitecture.Nodes.Where(candidate => candidate.Id == id).ShouldHaveSingleItem($"{relationship.Id} names {id}");
                interfaces.ShouldBeSubsetOf(CalmArchitecture.List(node, "interfaces").Select(static each => each.Id), relationship.Id);
            }
        }
    }

    [Fact]
    public void Every_node_is_related_to_another() =>
        CalmArchitecture.Nodes.Select(static node => node.Id)
            .Except(CalmArchitecture.Relationships.SelectMany(static relationship => relationship.Ends).Select(static end => end.Node))
            .ShouldBeEmpty();

    [Fact]
    public void Every_connection_says_which_interface_it_reaches() =>
        CalmArchitecture.Relationships.Where(static relationship => relationship.Type.Kind == "connects" && relationship.Ends[1].Interfaces.Count == 0)
            .ShouldBeEmpty();

    [Fact]
    public void A_connection_speaks_the_protocol_of_the_interface()
    {
        foreach (var relationship in CalmArchitecture.Relationships.Where(static relationship => relationship.Type.Kind == "connects"))
        {
            relationship.Ends[1].Interfaces.Select(static id => CalmArchitecture.Interface(id).Text("protocol"))
                .ShouldAllBe(protocol => protocol == relationship.Text("protocol"), relationship.Id);
        }
    }

    [Fact]
    public void Every_relationship_is_described_and_every_arrow_is_used()
    {
        CalmArchitecture.Relationships.ShouldAllBe(static relationship => relationship.Text("description").Length > 0);
        CalmArchitecture.Relationships.Where(static relationship => relationship.Type.Kind is "connects" or "interacts")
            .Select(static relationship => relationship.Id)
            .ShouldBe(CalmArchitecture.Flows.SelectMany(Steps).Distinct(), ignoreOrder: true);
    }

    [Fact]
    public void A_flow_is_numbered_and_shows_those_who_take_part()
    {
        foreach (var flow in CalmArchitecture.Flows)
        {
            CalmArchitecture.List(flow, "transitions").Select(static transition => (int)transition["sequence-number"]!)
                .ShouldBe(Enumerable.Range(1, flow["transitions"]!.AsArray().Count), flow.Id);
            flow["metadata"]!.AsObject().Texts("participants").ShouldBe(
                Steps(flow).SelectMany(static step => CalmArchitecture.Relationships.Single(relationship => relationship.Id == step).Ends)
                    .Select(static end => end.Node).Distinct(),
                ignoreOrder: true,
                flow.Id);
        }
    }

    // "|" ends a cell of a table, and ";" and "#" a message of a Mermaid diagram; a label can't hold a quotation mark.
    [Fact]
    public void No_text_breaks_what_is_rendered_of_it()
    {
        foreach (var part in CalmArchitecture.Nodes.Concat(CalmArchitecture.Nodes.SelectMany(static node => CalmArchitecture.List(node, "interfaces"))).Concat(CalmArchitecture.Relationships))
        {
            part.Text("description").ShouldNotMatch("[|\n<]");
        }

        foreach (var node in CalmArchitecture.Nodes)
        {
            node.Text("name").ShouldNotMatch("[\"|\n<;#]");
        }

        foreach (var transition in CalmArchitecture.Flows.SelectMany(static flow => CalmArchitecture.List(flow, "transitions")))
        {
            transition.Text("description").ShouldNotMatch("[\n<;#]");
        }
    }

    private static IEnumerable<string> Steps(System.Text.Json.Nodes.JsonObject flow) =>
        CalmArchitecture.List(flow, "transitions").Select(static transition => transition.Text("relationship-unique-id"));
}
