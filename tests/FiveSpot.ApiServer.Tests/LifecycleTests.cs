// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests;

public sealed class LifecycleTests : IClassFixture<ServerFixture>
{
    private readonly ServerFixture _api;

    public LifecycleTests(ServerFixture api) => _api = api;

    [Fact]
    public async Task A_finalizer_holds_a_deleted_object_until_it_is_taken_off()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var made = await _api.PostAsync(path, """{"metadata":{"name":"a","finalizers":["5spot.finos.org/x"]}}""");
        var wrong = await _api.DeleteAsync(path + "/a", """{"preconditions":{"uid":"another"}}""");
        wrong.Status.ShouldBe(409);
        wrong.Message.ShouldBe($"Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (another) does not match the UID in record ({made.Uid}). The object might have been deleted and then recreated");
        var deleted = await _api.DeleteAsync(path + "/a", $$$"""{"preconditions":{"uid":"{{{made.Uid}}}"}}""");
        deleted.Body["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        (await _api.DeleteAsync(path + "/a")).Version.ShouldBe(deleted.Version);
        (await _api.MergeAsync(path + "/a", """{"metadata":{"finalizers":["5spot.finos.org/x","5spot.finos.org/y"]}}""")).Message!
            .ShouldContain("no new finalizers can be added if the object is being deleted");
        (await _api.MergeAsync(path + "/a", """{"metadata":{"finalizers":null}}""")).Status.ShouldBe(200);
        (await _api.GetAsync(path + "/a")).Status.ShouldBe(404);
        (await _api.DeleteAsync(path + "/a")).Reason.ShouldBe("NotFound");
    }

    [Fact]
    public async Task A_pod_on_a_node_waits_for_its_kubelet_and_one_without_goes_at_once()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/pods";
        await _api.PostAsync(path, Pod("free", null));
        await _api.PostAsync(path, Pod("bound", "n1"));
        (await _api.DeleteAsync(path + "/free")).Status.ShouldBe(200);
        (await _api.GetAsync(path + "/free")).Status.ShouldBe(404);
        var going = await _api.DeleteAsync(path + "/bound");
        going.Body["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<long>().ShouldBe(30);
        (await _api.GetAsync(path + "/bound")).Status.ShouldBe(200);
        (await _api.DeleteAsync(path + "/bound", """{"gracePeriodSeconds":0}""")).Status.ShouldBe(200);
        (await _api.GetAsync(path + "/bound")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("Background", true)]
    [InlineData("Foreground", true)]
    [InlineData("Orphan", false)]
    public async Task What_an_owner_leaves_behind_depends_on_the_propagation(string policy, bool isDeleted)
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var owner = await _api.PostAsync(path, """{"metadata":{"name":"owner"}}""");
        await _api.PostAsync(path, $$$"""
            {"metadata":{"name":"owned","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{owner.Uid}}}","blockOwnerDeletion":true}]}}
            """);
        await _api.DeleteAsync(path + "/owner", $$$"""{"propagationPolicy":"{{{policy}}}"}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/owner")).Status.ShouldBe(404);
        var owned = await _api.GetAsync(path + "/owned");
        owned.Status.ShouldBe(isDeleted ? 404 : 200);
        owned.Body["metadata"]?.AsObject().ContainsKey("ownerReferences").ShouldBeFalse();
    }

    [Fact]
    public async Task Foreground_deletion_waits_for_a_dependent_that_is_held()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var owner = await _api.PostAsync(path, """{"metadata":{"name":"owner"}}""");
        await _api.PostAsync(path, $$$"""
            {"metadata":{"name":"owned","finalizers":["a.b/c"],"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{owner.Uid}}}","blockOwnerDeletion":true}]}}
            """);
        await _api.DeleteAsync(path + "/owner", """{"propagationPolicy":"Foreground"}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/owner")).Body["metadata"]!["finalizers"]![0]!.GetValue<string>().ShouldBe("foregroundDeletion");
        (await _api.GetAsync(path + "/owned")).Body["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        await _api.MergeAsync(path + "/owned", """{"metadata":{"finalizers":null}}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/owner")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_object_whose_owner_never_was_is_collected()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"gone","uid":"1"}]}}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/a")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task What_a_Node_owns_in_a_namespace_goes_with_it()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var node = await _api.PostAsync("/api/v1/nodes", """{"metadata":{"name":"owns-a-config"}}""");
        await _api.PostAsync(path, $$$"""{"metadata":{"name":"owned","ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"owns-a-config","uid":"{{{node.Uid}}}"}]}}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/owned")).Status.ShouldBe(200);
        await _api.DeleteAsync("/api/v1/nodes/owns-a-config");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path + "/owned")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_namespace_goes_when_its_content_is_gone()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"free"}}""");
        await _api.PostAsync(path, """{"metadata":{"name":"held","finalizers":["a.b/c"]}}""");
        (await _api.DeleteAsync($"/api/v1/namespaces/{space}")).Body["status"]!["phase"]!.GetValue<string>().ShouldBe("Terminating");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync(path)).ItemNames.ShouldBe(["held"]);
        var refused = await _api.PostAsync(path, """{"metadata":{"name":"late"}}""");
        refused.Status.ShouldBe(403);
        refused.Body["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("NamespaceTerminating");
        await _api.MergeAsync(path + "/held", """{"metadata":{"finalizers":null}}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync($"/api/v1/namespaces/{space}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Delete_collection_takes_what_the_selector_takes()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a","labels":{"x":"1"}}}""");
        await _api.PostAsync(path, """{"metadata":{"name":"b"}}""");
        (await _api.DeleteAsync(path + "?labelSelector=x%3D1")).ItemNames.ShouldBe(["a"]);
        (await _api.GetAsync(path)).ItemNames.ShouldBe(["b"]);
    }

    [Fact]
    public async Task An_eviction_obeys_the_budget()
    {
        var space = await _api.NewNamespaceAsync();
        var pods = $"/api/v1/namespaces/{space}/pods";
        var budgets = $"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets";
        foreach (var name in (string[])["a", "b"])
        {
            await _api.PostAsync(pods, Pod(name, "n1"));
            await _api.MergeAsync($"{pods}/{name}/status", """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""");
        }

        await _api.PostAsync(budgets, """{"metadata":{"name":"one"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}}""");
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        var status = (await _api.GetAsync(budgets + "/one")).Body["status"]!;
        status["disruptionsAllowed"]!.GetValue<long>().ShouldBe(1);
        status["currentHealthy"]!.GetValue<long>().ShouldBe(2);
        status["expectedPods"]!.GetValue<long>().ShouldBe(2);
        (await EvictAsync("a")).Status.ShouldBe(201);
        var refused = await EvictAsync("b");
        refused.Status.ShouldBe(429);
        refused.Reason.ShouldBe("TooManyRequests");
        refused.Message.ShouldBe("Cannot evict pod as it would violate the pod's disruption budget.");
        refused.Body["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("DisruptionBudget");
        refused.Body["details"]!["causes"]![0]!["message"]!.GetValue<string>().ShouldBe("The disruption budget one needs 1 healthy pods and has 1 currently");
        await _api.PostAsync(budgets, """{"metadata":{"name":"two"},"spec":{"maxUnavailable":"50%","selector":{"matchLabels":{"app":"x"}}}}""");
        (await EvictAsync("b")).Status.ShouldBe(500);
        await _api.DeleteAsync(budgets + "/one");
        await _api.DeleteAsync(budgets + "/two");
        (await EvictAsync("b")).Status.ShouldBe(201);
        (await EvictAsync("c")).Status.ShouldBe(404);

        Task<Answer> EvictAsync(string name) =>
            _api.PostAsync($"{pods}/{name}/eviction", $$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{name}}}","namespace":"{{{space}}}"}}""");
    }

    [Fact]
    public async Task Spec_and_status_are_written_apart_and_scale_changes_the_replicas()
    {
        var path = $"/apis/apps/v1/namespaces/{await _api.NewNamespaceAsync()}/deployments";
        var made = await _api.PostAsync(path, """
            {"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},
             "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}},"status":{"replicas":7}}
            """);
        made.Status.ShouldBe(201, made.Body.ToJsonString());
        made.Body["status"]!.AsObject().Count.ShouldBe(0);
        (await _api.MergeAsync(path + "/d", """{"status":{"replicas":7}}""")).Version.ShouldBe(made.Version);
        var status = await _api.MergeAsync(path + "/d/status", """{"spec":{"replicas":9},"status":{"replicas":1}}""");
        status.Body["spec"]!["replicas"]!.GetValue<long>().ShouldBe(1);
        status.Body["status"]!["replicas"]!.GetValue<long>().ShouldBe(1);
        status.Body["metadata"]!["generation"]!.GetValue<long>().ShouldBe(1);
        var scaled = await _api.MergeAsync(path + "/d/scale", """{"spec":{"replicas":4}}""");
        scaled.Body["kind"]!.GetValue<string>().ShouldBe("Scale");
        scaled.Body["status"]!["selector"]!.GetValue<string>().ShouldBe("a=b");
        var after = await _api.GetAsync(path + "/d");
        after.Body["spec"]!["replicas"]!.GetValue<long>().ShouldBe(4);
        after.Body["metadata"]!["generation"]!.GetValue<long>().ShouldBe(2);
        (await _api.MergeAsync(path + "/d", """{"spec":{"selector":{"matchLabels":{"a":"c"}}}}""")).Message!.ShouldContain("field is immutable");
    }

    private static string Pod(string name, string? node)
    {
        var pod = JsonNode.Parse("""{"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}""")!;
        pod["metadata"]!["name"] = name;
        if (node is not null)
        {
            pod["spec"]!["nodeName"] = node;
        }

        return pod.ToJsonString();
    }
}
