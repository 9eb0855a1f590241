// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>One object of a manifest, as text.</summary>
/// <param name="Source">The file that it is from.</param>
/// <param name="ApiVersion">Its <c>apiVersion</c>.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Its namespace; null where it names none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Utf8Yaml">All of it, YAML or JSON.</param>
public sealed record Manifest(string Source, string ApiVersion, string Kind, string? Namespace, string Name, ReadOnlyMemory<byte> Utf8Yaml)
{
    /// <summary>Whether it came with the sandbox.</summary>
    public bool IsExample { get; private init; }

    /// <summary>The examples that come with the sandbox, for the management cluster.</summary>
    public static IReadOnlyList<Manifest> Examples() => BuiltIn("examples");

    /// <summary>What the examples' machines work on, for the workload cluster.</summary>
    public static IReadOnlyList<Manifest> WorkloadExamples() => BuiltIn("examples/workload");

    private static List<Manifest> BuiltIn(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        List<Manifest> manifests = [];
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.LastIndexOf('/') is var end and > 0 && name[..end] == folder).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            manifests.AddRange(Parse(name, reader.ReadToEnd()).Select(manifest => manifest with { IsExample = true }));
        }

        return manifests;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="BadInputException">It can't be read, or is no manifest.</exception>
    public static IReadOnlyList<Manifest> Load(string path)
    {
        try
        {
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--apply {path}: the file can't be read: {unreadable.Message}", unreadable);
        }
    }

    /// <summary>Takes a text apart at its <c>---</c> lines.</summary>
    /// <param name="source">Where it is from, for messages.</param>
    /// <param name="text">YAML documents, or one of JSON.</param>
    /// <exception cref="BadInputException">It is no manifest.</exception>
    public static IReadOnlyList<Manifest> Parse(string source, string text)
    {
        List<Manifest> manifests = [];
        var line = 0;
        var document = new StringBuilder();
        var start = 1;
        foreach (var row in text.Split('\n').Append("---"))
        {
            line++;
            if (row.StartsWith("---", StringComparison.Ordinal))
            {
                if (ParseOne(source, document.ToString(), start) is { } manifest)
                {
                    manifests.Add(manifest);
                }

                document.Clear();
                start = line + 1;
            }
            else
            {
                document.Append(row).Append('\n');
            }
        }

        return manifests.Count > 0 ? manifests : throw new BadInputException($"{source}: there is no object in it.");
    }

    private static Manifest? ParseOne(string source, string text, int line)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException broken)
        {
            throw new BadInputException($"{source}:{line - 1 + broken.Start.Line}: this is no YAML: {broken.Message}", broken);
        }

        if (stream.Documents is not [var document])
        {
            return null;
        }

        if (document.RootNode is not YamlMappingNode root
            || Text(root, "apiVersion") is not { Length: > 0 } apiVersion
            || Text(root, "kind") is not { Length: > 0 } kind
            || Child(root, "metadata") is not YamlMappingNode metadata
            || Text(metadata, "name") is not { Length: > 0 } name)
        {
            throw new BadInputException(
                $"{source}:{line}: this is no Kubernetes object: apiVersion, kind and metadata.name are required"
                + (Text(document.RootNode, "kind") is { } list && list.EndsWith("List", StringComparison.Ordinal) ? ", and lists are to be taken apart with ---." : "."));
        }

        return new Manifest(source, apiVersion, kind, Text(metadata, "namespace"), name, Encoding.UTF8.GetBytes(text));
    }

    private static YamlNode? Child(YamlNode node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;

    private static string? Text(YamlNode node, string name) => (Child(node, name) as YamlScalarNode)?.Value;
}
