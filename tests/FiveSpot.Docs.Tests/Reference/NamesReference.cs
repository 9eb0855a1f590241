// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>The names that other programs rely on.</summary>
internal static class NamesReference
{
    public static string Render() =>
        new Markdown("Names", "[WellKnown.cs](../../src/FiveSpot.Api/WellKnown.cs)")
            .Paragraph("Labels, annotations, field managers and objects that other programs may rely on, and that people meet on their clusters.")
            .Table(["name", "what"], XmlDocs.Constants(typeof(WellKnown)).Select(static name => (string[])[$"`{name.Value}`", name.Summary]))
            .ToString();
}
