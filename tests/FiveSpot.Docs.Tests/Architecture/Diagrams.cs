// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using HandlebarsDotNet;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>
/// Renders the Handlebars templates of the architecture, with two helpers that CALM's own tool has too: <c>eq</c> and
/// <c>kebabToTitleCase</c>.
/// </summary>
internal static class Diagrams
{
    /// <summary>A document of docs/architecture, such as <c>system.md</c>, as it should be.</summary>
    public static string Render(string document)
    {
        var handlebars = Handlebars.Create(new HandlebarsConfiguration { ThrowOnUnresolvedBindingExpression = false });
        handlebars.RegisterHelper("eq", static (_, arguments) => Text(arguments[0]) == Text(arguments[1]));
        handlebars.RegisterHelper("kebabToTitleCase", static (_, arguments) =>
            string.Join(' ', Text(arguments[0]).Split('-').Select(static word => word[..1].ToUpperInvariant() + word[1..])));
        var template = File.ReadAllText(TestFiles.PathOf($"{CalmArchitecture.Folder}/templates/mermaid/{document}.hbs"));
        using var architecture = JsonDocument.Parse(CalmArchitecture.Read().ToJsonString());
        return handlebars.Compile(template)(architecture.RootElement);
    }

    private static string Text(object? value) => value?.ToString() ?? "";
}
