// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Conformance;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ApiServer.Tests;

/// <summary>What the conformance suite can't see of admission webhooks: time, and what the server does by itself.</summary>
public sealed class WebhookTests : IClassFixture<WebhookTests.Fixture>
{
    private const string Validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Fixture _api;

    public WebhookTests(Fixture api) => _api = api;

    [Fact]
    public async Task A_webhook_has_its_time_by_the_clock_of_connections_and_holds_up_nobody_else()
    {
        await using var webhooks = await WebhookServer.StartAsync();
        var path = $"/api/v1/namespaces/{await AskedNamespaceAsync("slow")}/configmaps";
        await ConfigureAsync("slow", $"{webhooks.Address}/slow", "CREATE");
        var slow = _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        await UntilAsync(() => !webhooks.Asked.IsEmpty);
        (await _api.PostAsync("/api/v1/namespaces/default/configmaps", """{"metadata":{"name":"not-held-up"}}""")).Status.ShouldBe(201);
        slow.IsCompleted.ShouldBeFalse();
        _api.Clock.Advance(TimeSpan.FromSeconds(10));
        var answer = await slow;
        answer.Status.ShouldBe(500);
        answer.Message.ShouldBe($"Internal error occurred: failed calling webhook \"slow.example.com\": failed to call webhook: Post \"{webhooks.Address}/slow?timeout=10s\": context deadline exceeded");
        (await _api.GetAsync(path + "/a")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Garbage_collection_is_refused_as_everybody_is_and_tries_again_later_and_later()
    {
        await using var webhooks = await WebhookServer.StartAsync();
        var path = $"/api/v1/namespaces/{await AskedNamespaceAsync("collector")}/configmaps";
        var owner = await _api.PostAsync(path, """{"metadata":{"name":"owner"}}""");
        await _api.PostAsync(path, $$$"""{"metadata":{"name":"owned","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{owner.Uid}}}"}]}}""");
        webhooks.Refuses = static (_, request) => request["oldObject"]!["metadata"]!["name"]!.GetValue<string>() == "owned" ? "not yet" : null;
        await ConfigureAsync("collector", $"{webhooks.Address}/allow", "DELETE");
        (await _api.DeleteAsync(path + "/owner")).Status.ShouldBe(200);
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        Deletions().ShouldBe(1);
        webhooks.Asked.Last().Request["userInfo"]!["username"]!.GetValue<string>().ShouldBe("system:kube-controller-manager");

        foreach (var seconds in (int[])[1, 2, 4])
        {
            var before = Deletions();
            _api.Clock.Advance(TimeSpan.FromSeconds(seconds - 0.5));
            await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
            Deletions().ShouldBe(before);
            _api.Clock.Advance(TimeSpan.FromSeconds(0.5));
            await UntilAsync(() => Deletions() == before + 1);
            await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        }

        (await _api.GetAsync(path + "/owned")).Status.ShouldBe(200);
        webhooks.Refuses = null;
        _api.Clock.Advance(TimeSpan.FromSeconds(8));
        await UntilAsync(async () => (await _api.GetAsync(path + "/owned")).Status == 404);

        int Deletions() => webhooks.Asked.Count(asked => asked.Request["oldObject"]!["metadata"]!["name"]!.GetValue<string>() == "owned");
    }

    [Fact]
    public async Task An_owner_that_waits_for_its_dependents_waits_for_the_webhook_too_that_its_last_finalizer_needs()
    {
        await using var webhooks = await WebhookServer.StartAsync();
        var path = $"/api/v1/namespaces/{await AskedNamespaceAsync("finalizer")}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"owner"}}""");
        webhooks.Refuses = static (_, _) => "not yet";
        await ConfigureAsync("finalizer", $"{webhooks.Address}/allow", "UPDATE");
        (await _api.DeleteAsync(path + "/owner", """{"propagationPolicy":"Foreground"}""")).Status.ShouldBe(200);
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        var held = await _api.GetAsync(path + "/owner");
        held.Body["metadata"]!["finalizers"]![0]!.GetValue<string>().ShouldBe("foregroundDeletion");
        webhooks.Refuses = null;
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(async () => (await _api.GetAsync(path + "/owner")).Status == 404);
    }

    [Fact]
    public async Task A_namespace_ends_when_the_webhook_lets_its_content_go()
    {
        await using var webhooks = await WebhookServer.StartAsync();
        var name = await AskedNamespaceAsync("namespace");
        await _api.PostAsync($"/api/v1/namespaces/{name}/configmaps", """{"metadata":{"name":"kept"}}""");
        await _api.PostAsync($"/api/v1/namespaces/{name}/configmaps", """{"metadata":{"name":"not-kept"}}""");
        webhooks.Refuses = static (_, request) => request["name"]!.GetValue<string>() == "kept" ? "not yet" : null;
        await ConfigureAsync("namespace", $"{webhooks.Address}/allow", "DELETE");
        (await _api.DeleteAsync($"/api/v1/namespaces/{name}")).Status.ShouldBe(200);
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync($"/api/v1/namespaces/{name}/configmaps")).ItemNames.ShouldBe(["kept"]);
        webhooks.Refuses = null;
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(async () => (await _api.GetAsync($"/api/v1/namespaces/{name}")).Status == 404);
    }

    [Fact]
    public async Task What_is_not_supported_here_is_refused()
    {
        var conditions = await _api.PostAsync(Validating, Configuration("conditions", "https://127.0.0.1:1/", "CREATE", ",\"matchConditions\":[{\"name\":\"a\",\"expression\":\"true\"}]"));
        conditions.Message!.ShouldContain("webhooks[0].matchConditions: Forbidden: the embedded API server does not evaluate them; use rules and selectors");
        var versions = await _api.PostAsync(Validating, Configuration("versions", "https://127.0.0.1:1/", "CREATE").Replace("[\"v1\"]", "[\"v1beta1\"]", StringComparison.Ordinal));
        versions.Message!.ShouldContain("webhooks[0].admissionReviewVersions: Forbidden: the embedded API server asks in v1 alone: add it");
    }

    private async Task<string> AskedNamespaceAsync(string webhook)
    {
        var made = await _api.PostAsync("/api/v1/namespaces", $$$"""{"metadata":{"generateName":"t-","labels":{"asks":"{{{webhook}}}"} }}""");
        made.Status.ShouldBe(201);
        return made.Name;
    }

    private async Task ConfigureAsync(string name, string url, string operation) =>
        (await _api.PostAsync(Validating, Configuration(name, url, operation))).Status.ShouldBe(201);

    private static string Configuration(string name, string url, string operation, string more = "") => $$$$"""
        {"metadata":{"name":"{{{{name}}}}"},"webhooks":[{"name":"{{{{name}}}}.example.com","clientConfig":{"url":"{{{{url}}}}","caBundle":"{{{{WebhookServer.CaBundle}}}}"},
         "namespaceSelector":{"matchLabels":{"asks":"{{{{name}}}}"}},"rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"operations":["{{{{operation}}}}"]}],
         "sideEffects":"None","admissionReviewVersions":["v1"]{{{{more}}}}}]}
        """;

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        while (!await holds())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public sealed class Fixture : ServerFixture
    {
        public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

        protected override EmbeddedApiServerOptions Options => new() { TransportClock = Clock };
    }
}
