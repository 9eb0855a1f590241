// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests;

public sealed class ObjectTests : IClassFixture<ServerFixture>
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    private readonly ServerFixture _api;

    public ObjectTests(ServerFixture api) => _api = api;

    [Fact]
    public async Task A_request_without_the_token_is_unauthorized_but_health_is_open()
    {
        using var stranger = ServerFixture.ClientFor(_api.Server, withToken: false);
        using var refused = await stranger.GetAsync(new Uri("/api/v1/namespaces", UriKind.Relative), TestContext.Current.CancellationToken);
        ((int)refused.StatusCode).ShouldBe(401);
        var status = JsonNode.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        status["reason"]!.GetValue<string>().ShouldBe("Unauthorized");
        foreach (var path in (string[])["/healthz", "/livez", "/readyz", "/version"])
        {
            using var open = await stranger.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            ((int)open.StatusCode).ShouldBe(200, path);
        }
    }

    [Fact]
    public async Task The_default_namespaces_are_there()
    {
        var list = await _api.GetAsync("/api/v1/namespaces");
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            list.ItemNames.ShouldContain(name);
        }
    }

    [Fact]
    public async Task Create_sets_what_the_server_owns_and_refuses_a_second_of_the_name()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        var made = await _api.PostAsync(path, """{"metadata":{"name":"a"},"data":{"k":"v"}}""");
        made.Status.ShouldBe(201);
        made.Uid.Length.ShouldBe(36);
        made.Body["metadata"]!["creationTimestamp"]!.GetValue<string>().ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        made.Body["metadata"]!["managedFields"]![0]!["manager"]!.GetValue<string>().ShouldBe("tests");
        var again = await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        again.Status.ShouldBe(409);
        again.Reason.ShouldBe("AlreadyExists");
        again.Message.ShouldBe("configmaps \"a\" already exists");
        again.Body["details"]!["kind"]!.GetValue<string>().ShouldBe("configmaps");
    }

    [Theory]
    [InlineData("""{"metadata":{}}""", 422, "name or generateName is required")]
    [InlineData("""{"metadata":{"name":"A_b"}}""", 422, "a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("""{"metadata":{"name":"a","labels":{"k":"not ok"}}}""", 422, "metadata.labels: Invalid value: \"not ok\"")]
    [InlineData("""{"metadata":{"name":"a"},"data":{"a b":"c"}}""", 422, "a valid config key must consist of")]
    [InlineData("""{"metadata":{"name":"a","namespace":"elsewhere"}}""", 400, "the namespace of the provided object does not match")]
    [InlineData("""{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}""", 400, "cannot be handled as a ConfigMap")]
    [InlineData("""{"metadata":""", 400, "json parse error")]
    [InlineData("""{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p"}]}}""", 422, "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty")]
    public async Task What_is_no_valid_object_is_refused(string body, int status, string message)
    {
        var refused = await _api.PostAsync("/api/v1/namespaces/default/configmaps", body);
        refused.Status.ShouldBe(status);
        refused.Message!.ShouldContain(message);
    }

    [Fact]
    public async Task Nothing_is_created_in_a_namespace_that_is_not_there()
    {
        var refused = await _api.PostAsync("/api/v1/namespaces/nowhere/configmaps", """{"metadata":{"name":"a"}}""");
        refused.Status.ShouldBe(404);
        refused.Message.ShouldBe("namespaces \"nowhere\" not found");
    }

    [Fact]
    public async Task An_update_from_an_old_version_conflicts_and_one_that_changes_nothing_is_no_write()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        var first = await _api.PostAsync(path, """{"metadata":{"name":"a"},"data":{"k":"1"}}""");
        var same = await _api.PutAsync(path + "/a", first.Body);
        same.Version.ShouldBe(first.Version);
        var changed = first.Body.DeepClone();
        changed["data"]!["k"] = "2";
        var second = await _api.PutAsync(path + "/a", changed);
        second.Status.ShouldBe(200);
        second.Version.ShouldNotBe(first.Version);
        var late = await _api.PutAsync(path + "/a", changed);
        late.Status.ShouldBe(409);
        late.Reason.ShouldBe("Conflict");
        late.Message.ShouldBe("Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again");
    }

    [Fact]
    public async Task A_dry_run_changes_nothing()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        (await _api.PostAsync(path + "?dryRun=All", """{"metadata":{"name":"a"}}""")).Status.ShouldBe(201);
        (await _api.GetAsync(path + "/a")).Status.ShouldBe(404);
        (await _api.PostAsync(path, """{"metadata":{"name":"a"}}""")).Status.ShouldBe(201);
        (await _api.MergeAsync(path + "/a?dryRun=All", """{"data":{"x":"y"}}""")).Body["data"]!["x"]!.GetValue<string>().ShouldBe("y");
        (await _api.DeleteAsync(path + "/a?dryRun=All")).Status.ShouldBe(200);
        (await _api.GetAsync(path + "/a")).Body.ContainsKey("data").ShouldBeFalse();
    }

    [Fact]
    public async Task Lists_select_by_labels_and_fields()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a","labels":{"app":"x","n":"1"}}}""");
        await _api.PostAsync(path, """{"metadata":{"name":"b","labels":{"app":"y","n":"5"}}}""");
        await _api.PostAsync(path, """{"metadata":{"name":"c"}}""");
        async Task<string> Select(string query) => string.Join(',', (await _api.GetAsync($"{path}?{query}")).ItemNames);
        (await Select("labelSelector=app%3Dx")).ShouldBe("a");
        (await Select("labelSelector=app!%3Dx")).ShouldBe("b,c");
        (await Select("labelSelector=app+in+(x,y)")).ShouldBe("a,b");
        (await Select("labelSelector=app+notin+(x)")).ShouldBe("b,c");
        (await Select("labelSelector=app")).ShouldBe("a,b");
        (await Select("labelSelector=!app")).ShouldBe("c");
        (await Select("labelSelector=n%3E1")).ShouldBe("b");
        (await Select("labelSelector=app,n%3C2")).ShouldBe("a");
        (await Select("fieldSelector=metadata.name%3Db")).ShouldBe("b");
        (await Select("fieldSelector=metadata.name!%3Db")).ShouldBe("a,c");
        (await _api.GetAsync(path + "?fieldSelector=data.k%3Db")).Status.ShouldBe(400);
        (await _api.GetAsync(path + "?labelSelector=a+b+c")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Pages_are_of_one_instant_and_expire_with_the_history()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        for (var i = 0; i < 5; i++)
        {
            await _api.PostAsync(path, $$$"""{"metadata":{"name":"n{{{i}}}"}}""");
        }

        var first = await _api.GetAsync(path + "?limit=2");
        first.ItemNames.ShouldBe(["n0", "n1"]);
        first.Body["metadata"]!["remainingItemCount"]!.GetValue<long>().ShouldBe(3);
        var token = first.Body["metadata"]!["continue"]!.GetValue<string>();
        await _api.DeleteAsync(path + "/n2");
        await _api.PostAsync(path, """{"metadata":{"name":"n9"}}""");
        var rest = await _api.GetAsync($"{path}?limit=5&continue={token}");
        rest.ItemNames.ShouldBe(["n2", "n3", "n4"]);
        rest.Version.ShouldBe(first.Version);
        (await _api.GetAsync($"{path}?resourceVersion={first.Version}&resourceVersionMatch=Exact")).ItemNames.ShouldBe(["n0", "n1", "n2", "n3", "n4"]);
        (await _api.GetAsync($"{path}?resourceVersion={first.Version}&resourceVersionMatch=NotOlderThan")).ItemNames.ShouldContain("n9");
        (await _api.GetAsync($"{path}?resourceVersion=99999999")).Status.ShouldBe(504);

        _api.Server.CompactHistory();
        var expired = await _api.GetAsync($"{path}?limit=5&continue={token}");
        expired.Status.ShouldBe(410);
        expired.Reason.ShouldBe("Expired");
    }

    [Fact]
    public async Task Objects_come_as_tables_and_as_metadata_alone()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a"},"data":{"k":"v"}}""");
        var table = await _api.GetAsync(path, "application/json;as=Table;g=meta.k8s.io;v=v1,application/json");
        table.Body["kind"]!.GetValue<string>().ShouldBe("Table");
        table.Body["columnDefinitions"]!.AsArray().Select(column => column!["name"]!.GetValue<string>()).ShouldBe(["Name", "Data", "Age"]);
        table.Body["rows"]![0]!["cells"]![0]!.GetValue<string>().ShouldBe("a");
        table.Body["rows"]![0]!["object"]!["kind"]!.GetValue<string>().ShouldBe("PartialObjectMetadata");
        var metadata = await _api.GetAsync(path, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
        metadata.Body["kind"]!.GetValue<string>().ShouldBe("PartialObjectMetadataList");
        metadata.Body["items"]![0]!.AsObject().ContainsKey("data").ShouldBeFalse();
        (await _api.GetAsync(path, "application/vnd.kubernetes.protobuf,application/json")).Body["kind"]!.GetValue<string>().ShouldBe("ConfigMapList");
        (await _api.GetAsync(path, "application/vnd.kubernetes.protobuf")).Status.ShouldBe(406);
    }

    [Fact]
    public async Task Server_side_apply_tells_of_conflicts_and_force_takes_over()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps/a";
        const string Body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"VALUE"}}""";
        (await _api.ApplyAsync(path, Body)).Status.ShouldBe(422);
        (await _api.ApplyAsync(path + "?fieldManager=one", Body)).Status.ShouldBe(201);
        var unchanged = await _api.ApplyAsync(path + "?fieldManager=one", Body);
        unchanged.Status.ShouldBe(200);
        unchanged.Version.ShouldBe((await _api.GetAsync(path)).Version);
        var refused = await _api.ApplyAsync(path + "?fieldManager=two", Body.Replace("VALUE", "other", StringComparison.Ordinal));
        refused.Status.ShouldBe(409);
        refused.Message.ShouldBe("Apply failed with 1 conflict: conflict with \"one\": .data.k");
        refused.Body["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("FieldManagerConflict");
        (await _api.ApplyAsync(path + "?fieldManager=two&force=true", Body.Replace("VALUE", "other", StringComparison.Ordinal)))
            .Body["data"]!["k"]!.GetValue<string>().ShouldBe("other");
        (await _api.SendAsync(HttpMethod.Patch, path, "[]", "application/x-unknown")).Status.ShouldBe(415);
    }

    [Fact]
    public async Task Events_are_one_store_with_two_faces()
    {
        var space = await _api.NewNamespaceAsync();
        const string Event = """
            {"metadata":{"name":"e"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingController":"5spot.finos.org/c","reportingInstance":"i",
             "action":"Do","reason":"MachineCreated","regarding":{"kind":"Pod","namespace":"SPACE","name":"p","uid":"u"},"note":"text","type":"Normal"}
            """;
        var made = await _api.PostAsync($"/apis/events.k8s.io/v1/namespaces/{space}/events", Event.Replace("SPACE", space, StringComparison.Ordinal));
        made.Status.ShouldBe(201, made.Body.ToJsonString());
        var core = await _api.GetAsync($"/api/v1/namespaces/{space}/events?fieldSelector=involvedObject.name%3Dp,reason%3DMachineCreated");
        core.Body["items"]![0]!["message"]!.GetValue<string>().ShouldBe("text");
        var other = await _api.GetAsync($"/apis/events.k8s.io/v1/namespaces/{space}/events?fieldSelector=regarding.name%3Dp");
        other.Body["items"]![0]!["note"]!.GetValue<string>().ShouldBe("text");
        (await _api.PostAsync($"/apis/events.k8s.io/v1/namespaces/{space}/events", """{"metadata":{"name":"f"},"type":"Odd"}""")).Message!.ShouldContain("eventTime: Required value");
    }

    [Fact]
    public async Task Discovery_comes_aggregated_and_plain_and_is_not_sent_twice()
    {
        var all = await _api.GetAsync("/apis", Aggregated);
        all.Body["kind"]!.GetValue<string>().ShouldBe("APIGroupDiscoveryList");
        var core = await _api.GetAsync("/api", Aggregated);
        var pods = core.Body["items"]![0]!["versions"]![0]!["resources"]!.AsArray().Single(entry => entry!["resource"]!.GetValue<string>() == "pods")!;
        pods["subresources"]!.AsArray().Select(sub => sub!["subresource"]!.GetValue<string>()).ShouldBe(["binding", "eviction", "status"]);
        var plain = await _api.GetAsync("/api/v1");
        var eviction = plain.Body["resources"]!.AsArray().Single(entry => entry!["name"]!.GetValue<string>() == "pods/eviction")!;
        eviction["group"]!.GetValue<string>().ShouldBe("policy");
        eviction["version"]!.GetValue<string>().ShouldBe("v1");
        (await _api.GetAsync("/apis/no.such.group/v1")).Status.ShouldBe(404);

        using var first = await _api.Http.GetAsync(new Uri("/openapi/v3", UriKind.Relative), TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v3");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);
        ((int)second.StatusCode).ShouldBe(304);
    }

    [Theory]
    [InlineData("merge-patch", "{", "error decoding patch: unexpected end of JSON input")]
    [InlineData("merge-patch", """{"a":x}""", "error decoding patch: invalid character 'x' looking for beginning of value")]
    [InlineData("merge-patch", """{"a" x}""", "error decoding patch: invalid character 'x' after object key")]
    [InlineData("merge-patch", """{"a":1,"b\"" x}""", "error decoding patch: invalid character 'x' after object key")]
    [InlineData("merge-patch", """{"a":1,x}""", "error decoding patch: invalid character 'x' looking for beginning of object key string")]
    [InlineData("merge-patch", """{"a":1 x}""", "error decoding patch: invalid character 'x' after object key:value pair")]
    [InlineData("merge-patch", "[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}")]
    [InlineData("strategic-merge-patch", "{", "unexpected end of JSON input")]
    [InlineData("json-patch", "{}", "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")]
    public async Task A_patch_that_cannot_be_read_is_refused_in_the_words_of_Go(string type, string patch, string message)
    {
        var refused = await _api.SendAsync(HttpMethod.Patch, "/api/v1/namespaces/default", patch, $"application/{type}+json");
        refused.Status.ShouldBe(400);
        refused.Message.ShouldBe(message);
    }

    [Fact]
    public async Task A_json_patch_that_does_not_fit_is_refused_without_naming_the_object()
    {
        var refused = await _api.SendAsync(HttpMethod.Patch, "/api/v1/namespaces/default", """[{"op":"remove","path":"/no"}]""", "application/json-patch+json");
        refused.Status.ShouldBe(422);
        refused.Message.ShouldBe("the server rejected our request due to an error in our request");
        refused.Body["details"]!.AsObject().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("=", "found '=', expected: !, identifier, or 'end of string'")]
    [InlineData("a=b=c", "found '=', expected: ',' or 'end of string'")]
    [InlineData("a,", "found '', expected: identifier after ','")]
    [InlineData("a!", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [InlineData("a>b", "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer")]
    public async Task A_selector_that_cannot_be_read_is_refused_in_the_words_of_Kubernetes(string selector, string message)
    {
        var refused = await _api.GetAsync($"/api/v1/pods?labelSelector={Uri.EscapeDataString(selector)}");
        refused.Status.ShouldBe(400);
        refused.Message.ShouldBe(message);
    }

    [Fact]
    public async Task Empty_lists_and_maps_of_metadata_are_not_kept()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        const string Body = """{"metadata":{"name":"a","labels":{},"annotations":{},"finalizers":[],"ownerReferences":[]}}""";
        string[] kept = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
        var made = await _api.PostAsync(path, Body);
        made.Body["metadata"]!.AsObject().Select(field => field.Key).ShouldBe(kept, ignoreOrder: true);
        var updated = await _api.SendAsync(HttpMethod.Put, path + "/a", Body);
        updated.Body["metadata"]!.AsObject().Select(field => field.Key).ShouldBe(kept, ignoreOrder: true);
    }

    [Theory]
    [InlineData("/api", "application/json")]
    [InlineData("/apis", Aggregated)]
    [InlineData("/api/v1/namespaces", "application/json")]
    [InlineData("/api/v1/namespaces/default", "application/json")]
    [InlineData("/api/v1/namespaces/nowhere", "application/json")]
    public async Task Json_ends_with_the_line(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldEndWith("}\n");
    }

    [Fact]
    public async Task OpenApi_version_2_is_there_in_protobuf_with_no_kinds()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v2");
        request.Headers.TryAddWithoutValidation("Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        bytes.AsSpan(0, 6).SequenceEqual("\n\u00032.0\u0012"u8).ShouldBeTrue();
        bytes.AsSpan(bytes.Length - 2).SequenceEqual("B\0"u8).ShouldBeTrue();
    }

    [Fact]
    public async Task A_field_that_is_not_known_is_refused_warned_of_or_dropped()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        const string Body = """{"metadata":{"name":"a"},"dta":{"k":"v"}}""";
        var strict = await _api.PostAsync(path + "?fieldValidation=Strict", Body);
        strict.Status.ShouldBe(400);
        strict.Message.ShouldBe("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dta\"");
        var warned = await _api.PostAsync(path + "?fieldValidation=Warn", Body);
        warned.Status.ShouldBe(201);
        warned.Warnings.ShouldContain("unknown field \\\"dta\\\"");
        warned.Body.ContainsKey("dta").ShouldBeFalse();
    }
}
