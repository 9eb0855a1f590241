// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>The architecture as it is stored, and the ways to its parts.</summary>
internal static class CalmArchitecture
{
    /// <summary>The folder of the architecture, in the repository.</summary>
    public const string Folder = "docs/architecture/calm";

    private static readonly string Stored = File.ReadAllText(TestFiles.PathOf($"{Folder}/architecture.json"));

    /// <summary>The whole document; a caller may change what it gets.</summary>
    public static JsonObject Read() => JsonNode.Parse(Stored)!.AsObject();

    public static IReadOnlyList<JsonObject> Nodes { get; } = List(Read(), "nodes");

    public static IReadOnlyList<JsonObject> Relationships { get; } = List(Read(), "relationships");

    public static IReadOnlyList<JsonObject> Flows { get; } = List(Read(), "flows");

    /// <summary>What is asked by the controls of the whole, its nodes, relationships and flows.</summary>
    public static IReadOnlyList<JsonObject> Requirements { get; } =
    [
        .. new[] { Read() }.Concat(Nodes).Concat(Relationships).Concat(Flows)
            .SelectMany(static part => part["controls"]?.AsObject() ?? [])
            .SelectMany(static control => List(control.Value!, "requirements")),
    ];

    /// <summary>The interface of that id.</summary>
    public static JsonObject Interface(string id) =>
        Nodes.SelectMany(static node => List(node, "interfaces")).Single(candidate => candidate.Id == id);

    /// <summary>The objects in a list of that name, none if there is no such list.</summary>
    public static IReadOnlyList<JsonObject> List(JsonNode of, string name) =>
        [.. (of[name]?.AsArray() ?? []).Select(static item => item!.AsObject())];

    extension(JsonObject part)
    {
        public string Id => part.Text("unique-id");

        public string Text(string name) => (string)part[name]!;

        public IReadOnlyList<string> Texts(string name) => [.. (part[name]?.AsArray() ?? []).Select(static item => (string)item!)];
    }

    extension(JsonObject relationship)
    {
        /// <summary>How it relates: the one property of <c>relationship-type</c>.</summary>
        public (string Kind, JsonObject Ends) Type
        {
            get
            {
                var (kind, ends) = relationship["relationship-type"]!.AsObject().ShouldHaveSingleItem();
                return (kind, ends!.AsObject());
            }
        }

        /// <summary>The nodes that it relates, with the interfaces that it names of each.</summary>
        public IReadOnlyList<(string Node, IReadOnlyList<string> Interfaces)> Ends => relationship.Type switch
        {
            ("connects", var ends) =>
                [.. new[] { "source", "destination" }.Select(end => ends[end]!.AsObject()).Select(end => (end.Text("node"), end.Texts("interfaces")))],
            ("interacts", var ends) => [(ends.Text("actor"), []), .. ends.Texts("nodes").Select(Plain)],
            ("deployed-in" or "composed-of", var ends) => [(ends.Text("container"), []), .. ends.Texts("nodes").Select(Plain)],
            (var kind, _) => throw new NotSupportedException(kind),
        };
    }

    private static (string Node, IReadOnlyList<string> Interfaces) Plain(string node) => (node, []);
}
