// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>A Markdown file of the repository: its headings, its links, and the blocks of code in it.</summary>
internal sealed partial class Document
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "TestResults"];

    private static readonly Lazy<IReadOnlyList<Document>> Loaded = new(static () =>
    [
        .. Files(new DirectoryInfo(TestFiles.PathOf("."))).Order(StringComparer.Ordinal).Select(static file => new Document(file)),
    ]);

    private Document(string file)
    {
        Path = System.IO.Path.GetRelativePath(TestFiles.PathOf("."), file);
        var (headings, links, blocks, code) = (new List<string>(), new List<Link>(), new List<Block>(), new List<string>());
        Block? open = null;
        foreach (var line in File.ReadLines(file))
        {
            if (Fence().Match(line) is { Success: true } fence)
            {
                open = open is null ? new Block(fence.Groups["language"].Value, fence.Groups["indent"].Length, []) : null;
                if (open is not null)
                {
                    blocks.Add(open);
                }
            }
            else if (open is not null)
            {
                open.Lines.Add(line.Length >= open.Indent ? line[open.Indent..] : line.TrimStart());
            }
            else
            {
                if (Heading().Match(line) is { Success: true } heading)
                {
                    headings.Add(heading.Groups["text"].Value);
                }

                links.AddRange(InlineLink().Matches(line).Select(static link => new Link(link.Groups["text"].Value, link.Groups["target"].Value)));
                code.AddRange(InlineCode().Matches(line).Select(static code => code.Groups["code"].Value));
            }
        }

        open.ShouldBeNull($"{Path}: a block of code does not end");
        (Links, Blocks, InlineCodes) = (links, blocks, code);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        Anchors = headings.Select(text => Anchor(text, seen)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Every one in the repository.</summary>
    public static IReadOnlyList<Document> All => Loaded.Value;

    /// <summary>Its path in the repository.</summary>
    public string Path { get; }

    /// <summary>What may follow <c>#</c> in a link to it.</summary>
    public IReadOnlySet<string> Anchors { get; }

    public IReadOnlyList<Link> Links { get; }

    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>What is in code style within a line.</summary>
    public IReadOnlyList<string> InlineCodes { get; }

    /// <summary>The document at a path of the repository.</summary>
    public static Document At(string path) => All.Single(document => document.Path == path);

    private static IEnumerable<string> Files(DirectoryInfo folder) =>
        folder.EnumerateFiles("*.md").Select(static file => file.FullName).Concat(
            folder.EnumerateDirectories().Where(static inner => inner.Name[0] != '.' && !NotOurs.Contains(inner.Name)).SelectMany(Files));

    // As GitHub makes them.
    private static string Anchor(string heading, Dictionary<string, int> seen)
    {
        var text = InlineLink().Replace(heading, static link => link.Groups["text"].Value).ToLowerInvariant();
        var anchor = string.Concat(text.Where(static character => char.IsLetterOrDigit(character) || character is ' ' or '-' or '_')).Replace(' ', '-');
        var times = seen.GetValueOrDefault(anchor);
        seen[anchor] = times + 1;
        return times == 0 ? anchor : $"{anchor}-{times}";
    }

    [GeneratedRegex("^(?<indent> *)```(?<language>[a-z]*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();

    [GeneratedRegex("^#{1,6} (?<text>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[(?<text>[^\[\]]+)\]\((?<target>[^()\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex InlineLink();

    [GeneratedRegex("`(?<code>[^`]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex InlineCode();

    /// <summary>A link.</summary>
    internal sealed record Link(string Text, string Target);

    /// <summary>A block of code.</summary>
    /// <param name="Language">What follows the backquotes.</param>
    /// <param name="Indent">How far it is to the right, within a list.</param>
    /// <param name="Lines">The lines.</param>
    internal sealed record Block(string Language, int Indent, List<string> Lines)
    {
        /// <summary>The path that its first line gives it, as a comment; null without one.</summary>
        public string? FileName => Lines is [var first, ..] && first.StartsWith("# ", StringComparison.Ordinal) && first.EndsWith(".yaml", StringComparison.Ordinal) ? first[2..] : null;

        public string Text => string.Join('\n', Lines) + "\n";
    }
}
