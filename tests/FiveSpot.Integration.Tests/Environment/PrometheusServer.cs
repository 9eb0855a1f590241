// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A real Prometheus on loopback, which ends with the test.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly GuardedProcess _process;
    private readonly HttpClient _client;

    private PrometheusServer(TemporaryFolder folder, GuardedProcess process, Uri address)
    {
        _folder = folder;
        _process = process;
        _client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <summary>Starts one.</summary>
    /// <param name="configuration">The files of it; <c>prometheus.yml</c> is the one that it begins with.</param>
    public static async Task<PrometheusServer> StartAsync(IReadOnlyDictionary<string, string> configuration)
    {
        var program = PrometheusAssets.Require("prometheus");
        var folder = new TemporaryFolder();
        foreach (var (name, text) in configuration)
        {
            folder.Write(name, text);
        }

        var process = GuardedProcess.Start(program, folder.PathOf(""),
        [
            $"--config.file={folder.PathOf("prometheus.yml")}", $"--storage.tsdb.path={folder.PathOf("data")}", "--web.listen-address=127.0.0.1:0",
        ]);
        try
        {
            // It chooses a free port, and tells which in its log.
            var address = "";
            await Wait.UntilAsync(
                "Prometheus listens",
                () =>
                {
                    process.HasExited.ShouldBeFalse(process.LastWords());
                    address = process.Words.Select(line => Listening().Match(line).Groups[1].Value).FirstOrDefault(found => found.Length > 0, "");
                    return address.Length > 0;
                });
            return new PrometheusServer(folder, process, new Uri($"http://{address}"));
        }
        catch
        {
            await process.DisposeAsync();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>What its API says at a path; null while it is not ready.</summary>
    public async Task<JsonNode?> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
        {
            return null;
        }

        var json = JsonNode.Parse(text)!;
        ((string?)json["status"]).ShouldBe("success", $"{path}: {text}");
        return json["data"];
    }

    /// <summary>The values of an expression now, by labels.</summary>
    public async Task<IReadOnlyList<(JsonObject Labels, double Value)>> QueryAsync(string expression)
    {
        var data = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        return
        [
            .. (data?["result"]?.AsArray() ?? []).Select(result => (
                result!["metric"]!.AsObject(),
                double.Parse((string)result["value"]![1]!, System.Globalization.CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>What it measures of itself.</summary>
    public async Task<MetricsPage> OwnMetricsAsync() => MetricsPage.Parse(await _client.GetStringAsync(new Uri("/metrics", UriKind.Relative)));

    public string LastWords() => _process.LastWords();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex("msg=\"Listening on\" address=([0-9.:]+)")]
    private static partial Regex Listening();
}
