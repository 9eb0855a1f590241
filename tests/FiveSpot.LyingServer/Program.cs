// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.LyingServer;

internal static class Program
{
    private static readonly string Usage = $"""
        FiveSpot.LyingServer LIE [--node NAME] [--provider-id ID] [--count N] [--port PORT] [--kubeconfig FILE]

        A workload cluster that tells one lie without end, to see what its tenant can do to others. Put the kubeconfig that it prints
        into a Secret, and have a ScheduledMachine name it in kubeconfigSecretRef. The lies:
        {string.Join(", ", Enum.GetNames<Lie>().Select(ToWords))}.
        """;

    private static async Task<int> Main(string[] args)
    {
        if (args.Length == 0 || args.Length % 2 == 0 || Find(args[0]) is not { } lie)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var options = args.Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var node = options.GetValueOrDefault("--node", "pc-1");
        await using var server = await LyingApiServer.StartAsync(
            lie,
            node,
            options.GetValueOrDefault("--provider-id", $"remote://{node}"),
            int.Parse(options.GetValueOrDefault("--count", "100000"), CultureInfo.InvariantCulture),
            int.Parse(options.GetValueOrDefault("--port", "0"), CultureInfo.InvariantCulture));
        if (options.GetValueOrDefault("--kubeconfig") is { } file)
        {
            await File.WriteAllTextAsync(file, server.Kubeconfig);
        }
        else
        {
            Console.WriteLine(server.Kubeconfig);
        }

        using var ended = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            ended.Cancel();
        };
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }

    private static Lie? Find(string words) => Enum.GetValues<Lie>().Cast<Lie?>().FirstOrDefault(lie => ToWords(lie.ToString()!) == words);

    private static string ToWords(string name) => string.Concat(name.Select((letter, i) =>
        char.IsUpper(letter) ? $"{(i == 0 ? "" : "-")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
