// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests;

/// <summary>A server that is reached from within its process, and whose store can be put back.</summary>
public sealed class InProcessTests
{
    private const string ConfigMaps = "https://here/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Objects_are_made_read_and_watched_without_a_socket()
    {
        await using var server = await StartAsync(seed: 1);
        using var http = Connect(server);
        (await CreateAsync(http, "a"))["metadata"]!["name"]!.GetValue<string>().ShouldBe("a");
        (await http.GetAsync($"{ConfigMaps}/none", Stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var watch = await http.GetAsync($"{ConfigMaps}?watch=true", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await watch.Content.ReadAsStreamAsync(Stop));
        (await reader.ReadLineAsync(Stop))!.ShouldContain("\"name\":\"a\"");
        await CreateAsync(http, "b");
        (await reader.ReadLineAsync(Stop))!.ShouldContain("\"name\":\"b\"");
    }

    [Fact]
    public async Task Without_its_token_nothing_is_answered()
    {
        await using var server = await StartAsync(seed: 1);
        using var http = new HttpClient(server.CreateHandler());
        (await http.GetAsync(ConfigMaps, Stop)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Two_servers_of_one_source_of_chance_give_the_same_uids()
    {
        (await FirstUidAsync(7)).ShouldBe(await FirstUidAsync(7));
        (await FirstUidAsync(7)).ShouldNotBe(await FirstUidAsync(8));

        static async Task<string> FirstUidAsync(int seed)
        {
            await using var server = await StartAsync(seed);
            using var http = Connect(server);
            return (await CreateAsync(http, "a"))["metadata"]!["uid"]!.GetValue<string>();
        }
    }

    [Fact]
    public async Task A_store_that_is_restored_is_what_it_was_and_its_watches_break()
    {
        await using var server = await StartAsync(seed: 1);
        using var http = Connect(server);
        await CreateAsync(http, "before");
        var backup = server.BackUp();
        using var watch = await http.GetAsync($"{ConfigMaps}?watch=true", HttpCompletionOption.ResponseHeadersRead, Stop);
        await CreateAsync(http, "after");
        server.Restore(backup);
        server.ResourceVersion.ShouldBe(backup.ResourceVersion);
        (await http.GetAsync($"{ConfigMaps}/before", Stop)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync($"{ConfigMaps}/after", Stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await Should.ThrowAsync<Exception>(() => watch.Content.ReadAsStringAsync(Stop));
        await CreateAsync(http, "after");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Task<EmbeddedApiServer> StartAsync(int seed) =>
        EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "here", Listens = false, Token = "secret", Random = new Random(seed) }, Stop);

    private static HttpClient Connect(EmbeddedApiServer server)
    {
        var http = new HttpClient(server.CreateHandler());
        http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        return http;
    }

    private static async Task<JsonNode> CreateAsync(HttpClient http, string name)
    {
        using var body = new StringContent($$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}"} }""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(ConfigMaps, body, Stop);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!;
    }
}
