// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Text.RegularExpressions;
using FiveSpot.Docs.Tests.Reference;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>What the documents have people type names targets, files and flags that there are.</summary>
public sealed partial class CommandTests
{
    private static readonly string[] OtherPrograms = ["base64", "cd", "docker", "done", "export", "git", "read"];

    [Fact]
    public void What_is_typed_names_what_there_is()
    {
        var wrong = new List<string>();
        var count = 0;
        foreach (var document in Document.All)
        {
            var provided = document.Blocks.Select(static block => block.FileName).OfType<string>().ToHashSet(StringComparer.Ordinal);
            foreach (var command in CommandsOf(document))
            {
                count++;
                wrong.AddRange(Problems(command.Words, provided).Select(problem => $"{document.Path}: {string.Join(' ', command.Words)}: {problem}"));
                if (command.WritesTo is { } file)
                {
                    provided.Add(file);
                }
            }
        }

        count.ShouldBeGreaterThan(100);
        wrong.ShouldBeEmpty();
    }

    /// <summary>The commands in a document's blocks, and those within its lines that begin with a program of the project's or with kubectl.</summary>
    internal static IEnumerable<ShellCommand> CommandsOf(Document document) =>
        document.Blocks.Where(static block => block.Language == "sh").SelectMany(static block => ShellCommand.Parse(block.Text))
            .Concat(document.InlineCodes.Where(static code => Typed().IsMatch(code)).SelectMany(ShellCommand.Parse));

    private static IEnumerable<string> Problems(IReadOnlyList<string> words, IReadOnlySet<string> provided) => words[0] switch
    {
        "make" => MakeProblems([.. words.Skip(1)]),
        "kubectl" => KubectlProblems(words, provided),
        "dotnet" => DotnetProblems(words),
        "artifacts/5spot/5spot" => Flags(Commands.Controller, words.Skip(1)),
        "artifacts/5spot-reclaim-agent/5spot-reclaim-agent" => Flags(Commands.ReclaimAgent, words.Skip(1)),
        "docker" => DockerProblems(words),
        var program when OtherPrograms.Contains(program) => [],
        var program => [$"{program} is not known here"],
    };

    private static IEnumerable<string> MakeProblems(IReadOnlyList<string> words)
    {
        var makefile = File.ReadAllText(TestFiles.PathOf("Makefile"));
        foreach (var target in words.Where(static word => !word.Contains('=', StringComparison.Ordinal)))
        {
            if (!Regex.IsMatch(makefile, $"^{Regex.Escape(target)}:", RegexOptions.Multiline))
            {
                yield return $"there is no target {target}";
            }
        }

        foreach (var argument in words.Where(static word => word.StartsWith("ARGS=", StringComparison.Ordinal)))
        {
            if (words.Contains("bench"))
            {
                // The script says in one line which parts there are.
                var part = Regex.Escape(argument["ARGS=".Length..]);
                if (!Regex.IsMatch(File.ReadAllText(TestFiles.PathOf("eng/bench.sh")), $@"^# Measures.*\b{part}\b", RegexOptions.Multiline))
                {
                    yield return $"make bench has no part {part}";
                }

                continue;
            }

            if (words.Contains("simulate"))
            {
                var program = File.ReadAllText(TestFiles.PathOf("tests/FiveSpot.DeterministicSimulation/Program.cs"));
                foreach (var flag in argument["ARGS=".Length..].Split(' ').Where(word => word.StartsWith("--", StringComparison.Ordinal) && !program.Contains($"\"{word}\"", StringComparison.Ordinal)))
                {
                    yield return $"make simulate has no flag {flag}";
                }

                continue;
            }

            words.ShouldContain("sandbox");
            foreach (var problem in Flags(Commands.Sandbox, argument["ARGS=".Length..].Split(' ')))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> KubectlProblems(IReadOnlyList<string> words, IReadOnlySet<string> provided) =>
        words.Zip(words.Skip(1))
            .Where(static pair => pair.First is "-f" or "-k")
            .Where(pair => pair.Second != "-" && !Path.Exists(TestFiles.PathOf(pair.Second)) && !provided.Contains(pair.Second) && !provided.Contains($"{pair.Second}/kustomization.yaml"))
            .Select(static pair => $"{pair.Second} is not there");

    private static IEnumerable<string> DotnetProblems(IReadOnlyList<string> words)
    {
        if (words[1].EndsWith("5spot-sandbox.dll", StringComparison.Ordinal))
        {
            return Flags(Commands.Sandbox, words.Skip(2));
        }

        var paths = words.Zip(words.Skip(1)).Where(static pair => pair.First is "--project" or "restore" or "build").Select(static pair => pair.Second);
        return paths.Where(static path => !Path.Exists(TestFiles.PathOf(path))).Select(static path => $"{path} is not there");
    }

    private static IEnumerable<string> DockerProblems(IReadOnlyList<string> words)
    {
        var stages = words.Zip(words.Skip(1)).Where(static pair => pair.First == "--target").Select(static pair => pair.Second).ToList();
        return stages.Count == 0 ? []
            : !File.Exists(TestFiles.PathOf("Dockerfile")) ? ["there is no Dockerfile"]
            : stages.Where(static stage => !Regex.IsMatch(File.ReadAllText(TestFiles.PathOf("Dockerfile")), $"^FROM .* AS {stage}$", RegexOptions.Multiline))
                .Select(static stage => $"the Dockerfile has no stage {stage}");
    }

    private static IEnumerable<string> Flags(RootCommand command, IEnumerable<string> words) =>
        command.Parse([.. words]).Errors.Select(static error => error.Message);

    // A program with its verb alone is a name, not a command.
    [GeneratedRegex(@"^(make|dotnet|docker|artifacts/5spot\S*|kubectl \S+) \S")]
    private static partial Regex Typed();
}
