// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>One command of a line that is typed: its words without their quotes, and the file that it writes.</summary>
internal sealed record ShellCommand(IReadOnlyList<string> Words, string? WritesTo)
{
    private static readonly string[] Keywords = ["while", "do", "then"];

    /// <summary>The commands of some lines. Of a shell's language it knows what documents need: quotes, comments, pipes, redirections, loops.</summary>
    public static IEnumerable<ShellCommand> Parse(string lines)
    {
        List<string> words = [];
        string? writesTo = null;
        var redirection = '\0';
        foreach (var token in Tokens(lines.Replace("\\\n", " ", StringComparison.Ordinal)).Append("\n"))
        {
            if (token is "\n" or "|" or ";" or "&")
            {
                var command = words.SkipWhile(static word => Keywords.Contains(word) || IsAssignment(word)).ToList();
                if (command.Count > 0)
                {
                    yield return new ShellCommand(command, writesTo);
                }

                (words, writesTo) = ([], null);
            }
            else if (token is "<" or ">")
            {
                redirection = token[0];
            }
            else if (redirection != '\0')
            {
                writesTo = redirection == '>' ? token : writesTo;
                redirection = '\0';
            }
            else
            {
                words.Add(token);
            }
        }
    }

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && word[..at].All(static character => char.IsAsciiLetterUpper(character) || character == '_');

    private static IEnumerable<string> Tokens(string text)
    {
        var word = new StringBuilder();
        var (quote, isWord) = ('\0', false);
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (quote != '\0')
            {
                if (character == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(character);
                }
            }
            else if (character is '\'' or '"')
            {
                (quote, isWord) = (character, true);
            }
            else if (character == '#' && !isWord)
            {
                i = text.IndexOf('\n', i) is >= 0 and var end ? end - 1 : text.Length;
            }
            else if (character is ' ' or '\n' or '|' or ';' or '&' or '<' or '>')
            {
                if (isWord)
                {
                    yield return word.ToString();
                    (word, isWord) = (new StringBuilder(), false);
                }

                if (character != ' ')
                {
                    yield return character.ToString();
                }
            }
            else
            {
                word.Append(character);
                isWord = true;
            }
        }

        if (isWord)
        {
            yield return word.ToString();
        }
    }
}
