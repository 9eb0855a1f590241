// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>A rendered document.</summary>
internal sealed class Markdown
{
    private readonly StringBuilder _text = new();

    /// <summary>A document that says where it comes from.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="source">What it is rendered from, as Markdown.</param>
    public Markdown(string title, string source) =>
        _text.Append($"# {title}\n\nRendered from {source} by `make docs`. Edit that, not this file.\n");

    public Markdown Heading(int level, string text)
    {
        _text.Append($"\n{new string('#', level)} {text}\n");
        return this;
    }

    public Markdown Paragraph(string text)
    {
        _text.Append($"\n{text}\n");
        return this;
    }

    public Markdown Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        _text.Append('\n');
        Row(columns);
        Row([.. columns.Select(static _ => "---")]);
        foreach (var row in rows)
        {
            row.Count.ShouldBe(columns.Count);
            Row(row);
        }

        return this;
    }

    /// <summary>Text in code style; a dash where there is none.</summary>
    public static string Code(string? text) => string.IsNullOrEmpty(text) ? "–" : $"`{text}`";

    public override string ToString() => _text.ToString();

    private void Row(IEnumerable<string> cells) =>
        _text.Append($"| {string.Join(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
}
