// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ApiServer.Tests;

/// <summary>What the README shows is what is run here.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_example_does_what_it_says()
    {
        var clock = new FakeTimeProvider();
        await using var server = await EmbeddedApiServer.StartAsync(new() { Clock = clock });

        // As a file for kubectl, or for any client that reads a kubeconfig.
        var kubeconfig = server.Kubeconfig();

        // What is asked of it, in the order in which it came.
        var asked = new ConcurrentQueue<string>();
        server.RequestObserver = call => asked.Enqueue($"{call.Stage} {call.Request.Verb} {call.Request.Path} {call.Status}");

        // A write that is done, and whose answer is lost.
        server.FaultInjector = (request, stage, _) =>
            ValueTask.FromResult(request.Verb == "create" && stage == RequestStage.After ? RequestFault.Abort : null);

        kubeconfig.ShouldContain($"server: {server.Address.GetLeftPart(UriPartial.Authority)}");
        using var http = ServerFixture.ClientFor(server);
        using var namespaced = new StringContent("""{"metadata":{"name":"lost"}}""", Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        await Should.ThrowAsync<HttpRequestException>(() => http.PostAsync(new Uri("/api/v1/namespaces", UriKind.Relative), namespaced));
        (await http.GetStringAsync(new Uri("/api/v1/namespaces/lost", UriKind.Relative))).ShouldContain(clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        asked.ShouldContain("Before create /api/v1/namespaces ");
        asked.ShouldContain("After get /api/v1/namespaces/lost 200");
    }

    [Fact]
    public void The_README_shows_it()
    {
        var lines = File.ReadLines(Path.Combine(Here(), "../../src/FiveSpot.ApiServer/README.md")).ToList();
        var begin = lines.IndexOf("```csharp");
        var shown = lines.Skip(begin + 1).TakeWhile(line => line != "```").ToList();
        shown.Count.ShouldBeGreaterThan(10);
        File.ReadAllText(Path.Combine(Here(), "ReadmeTests.cs")).ShouldContain(string.Join('\n', shown.Select(line => line.Length == 0 ? "" : $"        {line}")));
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
