// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class DiscoveryTests
{
    private const string Group =
        """{"kind":"APIGroup","name":"example.com","versions":[{"groupVersion":"example.com/v1alpha1","version":"v1alpha1"},{"groupVersion":"example.com/v1","version":"v1"}],"preferredVersion":{"version":"v1"}}""";

    private const string Core =
        """
        {"kind":"APIResourceList","groupVersion":"v1","resources":[
          {"name":"pods","kind":"Pod","namespaced":true,"verbs":[]},
          {"name":"pods/eviction","kind":"Eviction","namespaced":true,"group":"policy","version":"v1","verbs":["create"]},
          {"name":"nodes","kind":"Node","namespaced":false,"verbs":[]}]}
        """;

    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Finds_kinds_and_subresources_and_asks_once()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Core));
        using var client = server.Connect();
        var discovery = new Discovery(client);
        (await discovery.FindAsync("v1", "Pod", None)).ShouldBe(new ResourceType("", "v1", "pods", "Pod", true));
        (await discovery.FindAsync("v1", "Node", None)).ShouldBe(new ResourceType("", "v1", "nodes", "Node", false));
        (await discovery.FindByNameAsync("v1", "pods/eviction", None))
            .ShouldBe(new ResourceType("policy", "v1", "pods/eviction", "Eviction", true));
        (await discovery.FindAsync("v1", "Eviction", None)).ShouldBeNull();
        server.Requests.ShouldBe(["GET /api/v1"]);
    }

    [Fact]
    public async Task What_is_missing_is_asked_for_again_but_not_all_the_time()
    {
        var time = new FakeTimeProvider();
        var installed = false;
        await using var server = await ScriptedServer.StartAsync(context => installed
            ? context.Json("""{"resources":[{"name":"things","kind":"Thing","namespaced":true}]}""")
            : context.Status(404, "NotFound", "no"));
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        var discovery = new Discovery(client);
        (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldBeNull();
        installed = true;
        (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldBeNull();
        time.Advance(TimeSpan.FromSeconds(10));
        (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldBe(Things.Type);
        server.Requests.ShouldBe(["GET /apis/example.com/v1", "GET /apis/example.com/v1"]);
    }

    [Theory]
    [InlineData("""{"kind":"APIGroupList","groups":[{"name":"other.com","versions":[{"groupVersion":"other.com/v1","version":"v1"}]}]}""", true)]
    [InlineData("""{"kind":"APIGroupList","groups":[{"name":"example.com","versions":[{"groupVersion":"example.com/v2","version":"v2"}]}]}""", true)]
    [InlineData("""{"kind":"APIGroupList","groups":[{"name":"example.com","versions":[{"groupVersion":"example.com/v1","version":"v1"}]}]}""", false)]
    [InlineData(null, false)]
    public async Task What_answers_in_the_server_s_place_does_not_say_that_a_version_is_not_served(string? groups, bool isMissing)
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Request.Path == "/apis" && groups is not null
            ? context.Json(groups)
            : PageAsync(context));
        using var client = server.Connect();
        var discovery = new Discovery(client);
        if (isMissing)
        {
            (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldBeNull();
        }
        else
        {
            (await Should.ThrowAsync<ApiException>(discovery.FindAsync("example.com/v1", "Thing", None))).IsNotServed.ShouldBeTrue();
        }

        server.Requests.ShouldBe(["GET /apis/example.com/v1", "GET /apis"]);

        static Task PageAsync(Microsoft.AspNetCore.Http.HttpContext context)
        {
            context.Response.StatusCode = 404;
            context.Response.ContentType = "text/plain";
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "404 page not found\n");
        }
    }

    [Fact]
    public async Task What_is_remembered_of_a_group_can_be_forgotten()
    {
        var kind = "Thing";
        await using var server = await ScriptedServer.StartAsync(context => context.Json($$"""{"resources":[{"name":"things","kind":"{{kind}}","namespaced":true}]}"""));
        using var client = server.Connect();
        var discovery = new Discovery(client);
        (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldNotBeNull();
        (await discovery.FindAsync("other.com/v1", "Thing", None)).ShouldNotBeNull();
        kind = "Other";
        await discovery.ForgetAsync("example.com", None);
        (await discovery.FindAsync("example.com/v1", "Thing", None)).ShouldBeNull();
        (await discovery.FindAsync("other.com/v1", "Thing", None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Versions_come_with_the_preferred_one_first_and_outlive_an_outage()
    {
        var time = new FakeTimeProvider();
        var down = false;
        await using var server = await ScriptedServer.StartAsync(context =>
            down ? context.Status(503, "", "down") : context.Json(Group));
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        var discovery = new Discovery(client);
        (await discovery.ServedVersionsAsync("example.com", None)).ShouldBe(["v1", "v1alpha1"]);
        down = true;
        time.Advance(TimeSpan.FromMinutes(11));
        (await discovery.ServedVersionsAsync("example.com", None)).ShouldBe(["v1", "v1alpha1"]);
        (await Should.ThrowAsync<ApiException>(discovery.ServedVersionsAsync("other.com", None))).Code.ShouldBe(503);
    }
}
