// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>What the documents quote of the program, it says.</summary>
public sealed class MessageTests
{
    // Less than this could be anywhere.
    private const int Telling = 5;

    [Theory]
    [InlineData("docs/install.md")]
    [InlineData("docs/operations.md")]
    public void What_is_quoted_is_in_the_code(string path)
    {
        var code = string.Join('\n', Directory.EnumerateFiles(TestFiles.PathOf("src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText))
            .Replace("\\\"", "\"", StringComparison.Ordinal);
        var lines = Document.At(path).Blocks.Where(static block => block.Language == "text").SelectMany(static block => block.Lines).ToList();
        lines.ShouldNotBeEmpty();
        foreach (var line in lines)
        {
            // An ellipsis is for what differs from one time to the next.
            var parts = line.Split('…', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(static part => part.Length >= Telling).ToList();
            parts.ShouldNotBeEmpty($"{line} says nothing");
            parts.Where(part => !code.Contains(part, StringComparison.Ordinal)).ShouldBeEmpty(line);
        }
    }
}
