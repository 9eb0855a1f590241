// SPDX-License-Identifier: Apache-2.0

using Spectre.Console;
using Spectre.Console.Rendering;

namespace FiveSpot.Sandbox.Display;

/// <summary>One line, cut where the terminal ends.</summary>
/// <param name="parts">Its text, piece by piece.</param>
internal sealed class StyledLine(params IReadOnlyList<(string Text, Style Style)> parts) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var left = maxWidth;
        foreach (var (text, style) in parts)
        {
            var cut = Cut(text.ReplaceLineEndings(" "), left);
            left -= cut.Length;
            yield return new Segment(cut, style);
            if (cut.Length < text.Length)
            {
                break;
            }
        }

        yield return Segment.LineBreak;
    }

    /// <summary>The text, or as much of it as fits and an ellipsis.</summary>
    public static string Cut(string text, int width) =>
        text.Length <= width ? text : width <= 0 ? "" : $"{text[..(width - 1)].TrimEnd()}…";
}
