// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text.RegularExpressions;
using FiveSpot.Kubernetes;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>The flags of the three executables, from their command lines.</summary>
internal static partial class FlagsReference
{
    public static string Render()
    {
        var document = new Markdown("Flags", "the command lines of the executables")
            .Paragraph("A flag wins over its environment variable, and a variable that is empty counts as not set.");
        Section(document, "5spot", Commands.Controller);
        Section(document, "5spot-reclaim-agent", Commands.ReclaimAgent);
        Section(document, "5spot-sandbox", Commands.Sandbox);
        return document.Heading(2, "Exit codes")
            .Table(["code", "what"], XmlDocs.Constants(typeof(ExitCode)).Select(static code => (string[])[code.Value, code.Summary]))
            .ToString();
    }

    private static void Section(Markdown document, string name, RootCommand command)
    {
        document.Heading(2, name).Paragraph(command.Description!.Split('\n')[0]);
        document.Table(["flag", "variable", "default", "what"], command.Options.Where(static option => option is not (HelpOption or VersionOption)).Select(Row));
        foreach (var subcommand in command.Subcommands)
        {
            document.Paragraph($"`{name} {subcommand.Name}`: {subcommand.Description}.");
        }
    }

    // A description ends with the variable, and with what holds without it where that is no value of the flag: [NAME; else …]
    private static string[] Row(Option option)
    {
        var told = Description().Match(option.Description!);
        told.Success.ShouldBeTrue(option.Name);
        var usual = option.HasDefaultValue && option.GetDefaultValue() is { } value ? Text(value) : "";
        return
        [
            string.Join(", ", new[] { option.Name }.Concat(option.Aliases).Select(static alias => $"`{alias}`")),
            Markdown.Code(told.Groups["variable"].Value),
            usual.Length > 0 ? $"`{usual}`" : told.Groups["otherwise"].Value is { Length: > 0 } otherwise ? otherwise : "–",
            $"{told.Groups["what"].Value}.",
        ];
    }

    private static string Text(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => time.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    [GeneratedRegex(@"\A(?<what>[^\[]*?)( \[(?<variable>[A-Z_]+)(; (?<otherwise>[^\]]*))?\])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Description();
}
