// SPDX-License-Identifier: Apache-2.0

using Spectre.Console.Rendering;

namespace FiveSpot.Sandbox.Display;

/// <summary>Text that is wrapped between words and cut after its second line, so that every row is as high as the next.
/// </summary>
/// <param name="text">The text.</param>
internal sealed class TwoLines(string text) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(12, maxWidth), Math.Min(Math.Max(1, text.Length), maxWidth));

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var (first, rest) = Cut(text, maxWidth);
        yield return new Segment(first);
        if (rest.Length > 0)
        {
            yield return Segment.LineBreak;
            yield return new Segment(rest.Length <= maxWidth ? rest : $"{rest[..Math.Max(0, maxWidth - 1)].TrimEnd()}…");
        }
    }

    private static (string First, string Remainder) Cut(string text, int width)
    {
        if (text.Length <= width)
        {
            return (text, "");
        }

        var space = text.LastIndexOf(' ', width);
        return space > 0 ? (text[..space], text[(space + 1)..]) : (text[..width], text[width..]);
    }
}
