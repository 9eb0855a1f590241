// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>The manifests in <c>deploy</c> and <c>examples</c>, as JSON in which every scalar is a string.</summary>
internal static class Manifests
{
    /// <summary>The one object of a file.</summary>
    public static JsonObject Read(string path) => Objects(TestFiles.PathOf(path)).ShouldHaveSingleItem(path);

    /// <summary>Each object in a folder of the repository and the folders in it, with its file's path in the repository.</summary>
    public static IEnumerable<(string Path, JsonObject Object)> In(string folder) =>
        from file in Directory.EnumerateFiles(TestFiles.PathOf(folder), "*.yaml", SearchOption.AllDirectories)
        from content in Objects(file)
        select (Path.GetRelativePath(TestFiles.PathOf("."), file), content);

    private static IEnumerable<JsonObject> Objects(string file)
    {
        var stream = new YamlStream();
        using var reader = File.OpenText(file);
        stream.Load(reader);
        return [.. stream.Documents.Select(static document => ToJson(document.RootNode).AsObject())];
    }

    private static JsonNode ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(static pair =>
            KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, (JsonNode?)ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        _ => JsonValue.Create(((YamlScalarNode)node).Value ?? ""),
    };
}
