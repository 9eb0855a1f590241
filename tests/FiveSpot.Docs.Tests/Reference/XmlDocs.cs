// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>What the doc comments say of constants, as Markdown. The compiler writes them beside each assembly.</summary>
internal static class XmlDocs
{
    /// <summary>The public constants of a type in the order of the source, each with its sentence.</summary>
    public static IEnumerable<(string Name, string Value, string Summary)> Constants(Type type)
    {
        var members = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Root!.Element("members")!.Elements("member")
            .ToDictionary(static member => (string)member.Attribute("name")!, static member => member.Element("summary"));
        return type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.IsLiteral)
            .OrderBy(static field => field.MetadataToken)
            .Select(field => (field.Name, ValueOf(field), Text(type, members[$"F:{type.FullName}.{field.Name}"] ?? throw new InvalidOperationException($"{field.Name} has no summary"))));
    }

    private static string ValueOf(FieldInfo field) => Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)!;

    private static string Text(Type type, XElement summary) =>
        Regex.Replace(string.Concat(summary.Nodes().Select(node => Text(type, node))), @"\s+", " ").Trim();

    private static string Text(Type type, XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{Referred(type, (string)see.Attribute("cref")!)}`",
        _ => throw new InvalidOperationException($"{node} is not known here"),
    };

    // Of a constant beside it, readers want the value.
    private static string Referred(Type type, string cref)
    {
        var name = cref[(cref.LastIndexOf('.') + 1)..];
        return cref == $"F:{type.FullName}.{name}" ? ValueOf(type.GetField(name)!) : name;
    }
}
