// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>
/// That nobody has 5-Spot create what they may not create themselves. Only a real server evaluates policies; the embedded
/// one knows no users.
/// </summary>
public sealed class PolicyTests
{
    private const string Alice = "alice";
    private const string Controller = "system:serviceaccount:5spot-system:5spot-controller";
    private const string AnnotationsTooLarge = "spec.machineTemplate.annotations: too large: all annotations together may have at most 256 KiB (422 Invalid)";

    private static readonly (string Group, string Resource) Bootstraps = (Kinds.Bootstrap.Group, Kinds.Bootstrap.Plural);
    private static readonly (string Group, string Resource) Infrastructures = (Kinds.Infrastructure.Group, Kinds.Infrastructure.Plural);
    private static readonly (string Group, string Resource) Machines = (Kinds.MachineV1Beta2.Group, Kinds.MachineV1Beta2.Plural);

    // Kinds as providers call theirs, and made-up ones of every ending, with the resource that a CRD of Cluster API would have.
    private static readonly (string Kind, string Resource)[] Plurals =
    [
        ("RemoteMachine", "remotemachines"),
        ("AWSMachine", "awsmachines"),
        ("BYOHost", "byohosts"),
        ("PooledRemoteMachineTemplate", "pooledremotemachinetemplates"),
        ("MachineProxy", "machineproxies"),
        ("Gateway", "gateways"),
        ("Box", "boxes"),
        ("Chassis", "chassises"),
        ("Switch", "switches"),
        ("Mesh", "meshes"),
        ("Blitz", "blitzes"),
    ];

    [Fact]
    public void The_kustomization_names_every_file() => AdmissionFolder.Named.ShouldBe(AdmissionFolder.Present, ignoreOrder: true);

    [Fact]
    public async Task The_embedded_server_keeps_the_folder_too()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);

        await AdmissionFolder.ApplyAsync(cluster.Api);

        (await cluster.GetAsync(AdmissionFolder.Policy, AdmissionFolder.PolicyName)).ShouldNotBeNull();
        (await cluster.GetAsync(AdmissionFolder.Binding, AdmissionFolder.PolicyName)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Its_expressions_fit_the_definition()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);

        // The server compares them with the schema of what they are about, and notes what can't be right.
        await Wait.UntilAsync("the policy was looked over", async () =>
            (await cluster.GetAsync(AdmissionFolder.Policy, AdmissionFolder.PolicyName))?["status"]?["typeChecking"] is not null);
        (await cluster.GetAsync(AdmissionFolder.Policy, AdmissionFolder.PolicyName))!["status"]!["typeChecking"]!["expressionWarnings"].ShouldBeNull();
    }

    [Fact]
    public async Task Without_it_5_Spot_is_the_way_around_RBAC()
    {
        await using var cluster = await StartAsync();
        await AllowAsync(cluster, Alice);
        using var alice = As(cluster, Alice);

        await AcceptedOnceAsync(() => CreateAsync(cluster, alice));

        await using var policy = await InForceAsync(cluster);
        (await RefusalAsync(() => CreateAsync(cluster, alice, "pc-2"))).Code.ShouldBe(403);
    }

    [Fact]
    public async Task Who_may_not_create_the_objects_may_not_have_them_created()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        using var alice = As(cluster, Alice);
        await AllowAsync(cluster, Alice);

        var lacksBoth = await RefusalAsync(() => CreateAsync(cluster, alice));
        lacksBoth.Code.ShouldBe(403);
        lacksBoth.Message.ShouldEndWith(Lacking("k0sworkerconfigs", "bootstrap.cluster.x-k8s.io", "bootstrapSpec", cluster));

        await AllowAsync(cluster, Alice, Bootstraps);
        var lacksInfrastructure = await RefusalOnceAsync(() => CreateAsync(cluster, alice), "spec.infrastructureSpec");
        lacksInfrastructure.Code.ShouldBe(403);
        lacksInfrastructure.Message.ShouldEndWith(Lacking("remotemachines", "infrastructure.cluster.x-k8s.io", "infrastructureSpec", cluster));

        await AllowAsync(cluster, Alice, Infrastructures);
        var lacksBootstrap = await RefusalOnceAsync(() => CreateAsync(cluster, alice), "spec.bootstrapSpec");
        lacksBootstrap.Message.ShouldEndWith(Lacking("k0sworkerconfigs", "bootstrap.cluster.x-k8s.io", "bootstrapSpec", cluster));

        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures, Machines);
        await AcceptedOnceAsync(() => CreateAsync(cluster, alice));
        await CreateAsync(cluster, cluster.Api, "by-the-administrator");
    }

    // With a providerID in a template a Machine claims a Node: of a worker that is somebody else's, say.
    [Theory]
    [InlineData(null)]
    [InlineData("""{"spec":{"infrastructureSpec":{"spec":{"providerID":"remote://another"}}}}""")]
    [InlineData("""{"spec":{"bootstrapSpec":{"spec":{"a":1}}}}""")]
    [InlineData("""{"spec":{"clusterName":"another"}}""")]
    public async Task Who_may_not_create_Machines_may_not_have_them_created(string? patch)
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        using var alice = As(cluster, Alice);
        if (patch is not null)
        {
            await CreateAsync(cluster, cluster.Api);
        }

        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures);
        var refusal = await RefusalOnceAsync(TryAsync, "machines of API group \"cluster.x-k8s.io\"");
        refusal.Code.ShouldBe(403);
        refusal.Message.ShouldEndWith(
            $"{Alice} has no permission to create machines of API group \"cluster.x-k8s.io\" in namespace {cluster.Namespace}, which 5-Spot creates of the "
            + "templates: ask for a Role there that allows create on machines of that group (403 Forbidden)");

        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures, Machines);
        await AcceptedOnceAsync(TryAsync);

        Task TryAsync() => patch is null ? CreateAsync(cluster, alice) : PatchAsync(cluster, alice, patch);
    }

    [Fact]
    public async Task A_permission_in_another_namespace_or_for_another_verb_does_not_help()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        using var alice = As(cluster, Alice);
        await AllowAsync(cluster, Alice);
        await AllowAsync(cluster, Alice, "default", ["create"], Bootstraps, Infrastructures);
        await AllowAsync(cluster, Alice, cluster.Namespace, ["get", "list", "watch", "update", "patch", "delete"], Bootstraps, Infrastructures);
        await Wait.UntilAsync("the roles are in force", async () =>
        {
            try
            {
                await alice.ListAsync(Kinds.Infrastructure, new ListOptions { Namespace = cluster.Namespace }, Cluster.Parse, CancellationToken.None);
                return true;
            }
            catch (ApiException refused) when (refused.IsForbidden)
            {
                return false;
            }
        });

        (await RefusalAsync(() => CreateAsync(cluster, alice))).Code.ShouldBe(403);
        await cluster.Api.DeleteAsync(Kinds.RoleBinding, new ObjectKey("default", Alice), null, CancellationToken.None);
        await cluster.Api.DeleteAsync(Kinds.Role, new ObjectKey("default", Alice), null, CancellationToken.None);
    }

    [Theory]
    [InlineData("""{"spec":{"bootstrapSpec":{"spec":{"version":"v9"}}}}""", "bootstrapSpec")]
    [InlineData("""{"spec":{"bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta2"}}}""", "bootstrapSpec")]
    [InlineData("""{"spec":{"bootstrapSpec":{"metadata":{"labels":{"a":"b"}}}}}""", "bootstrapSpec")]
    [InlineData("""{"spec":{"infrastructureSpec":{"spec":{"address":"192.0.2.99"}}}}""", "infrastructureSpec")]
    [InlineData("""{"spec":{"infrastructureSpec":{"spec":{"port":null}}}}""", "infrastructureSpec")]
    [InlineData("""{"spec":{"infrastructureSpec":{"kind":"DockerMachine"}}}""", "infrastructureSpec", "dockermachines")]
    [InlineData("""{"spec":{"infrastructureSpec":{"metadata":{"annotations":{"a":"b"}}}}}""", "infrastructureSpec")]
    [InlineData("""{"spec":{"clusterName":"another"}}""", "bootstrapSpec")]
    public async Task Who_may_not_create_the_objects_may_not_change_them(string patch, string field, string? resource = null)
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice);
        await CreateAsync(cluster, cluster.Api);
        using var alice = As(cluster, Alice);

        var refusal = await RefusalOnceAsync(() => PatchAsync(cluster, alice, patch), "ValidatingAdmissionPolicy");

        refusal.Code.ShouldBe(403);
        resource ??= field == "bootstrapSpec" ? Bootstraps.Resource : Infrastructures.Resource;
        refusal.Message.ShouldEndWith(Lacking(resource, field == "bootstrapSpec" ? Bootstraps.Group : Infrastructures.Group, field, cluster));
        await PatchAsync(cluster, cluster.Api, patch);
    }

    [Theory]
    [InlineData("""{"spec":{"priority":51}}""")]
    [InlineData("""{"spec":{"killSwitch":true}}""")]
    [InlineData("""{"spec":{"schedule":{"enabled":false}}}""")]
    [InlineData("""{"metadata":{"labels":{"a":"b"}}}""")]
    public async Task Who_may_not_create_the_objects_may_change_the_rest(string patch)
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice);
        await CreateAsync(cluster, cluster.Api);
        using var alice = As(cluster, Alice);

        await AcceptedOnceAsync(() => PatchAsync(cluster, alice, patch));
    }

    [Theory]
    [InlineData("""{"spec":{"machineTemplate":{"labels":{"node-restriction.kubernetes.io/tenant":"b"}}}}""")]
    [InlineData("""{"spec":{"machineTemplate":{"annotations":{"a":"b"}}}}""")]
    [InlineData("""{"spec":{"machineTemplate":{"version":"v1.36.0"}}}""")]
    [InlineData("""{"spec":{"nodeTaints":[{"key":"b","effect":"NoSchedule"}]}}""")]
    [InlineData("""{"spec":{"nodeTaints":null}}""")]
    public async Task Who_may_not_create_the_objects_may_not_change_what_becomes_of_them(string patch)
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        var machine = Cluster.ScheduledMachineJson("pc-1");
        machine["spec"]!["nodeTaints"] = JsonNode.Parse("""[{"key":"a","effect":"NoSchedule"}]""");
        await CreateAsync(cluster, cluster.Api, machine);
        await AllowAsync(cluster, Alice, Bootstraps);
        using var alice = As(cluster, Alice);

        (await RefusalOnceAsync(() => PatchAsync(cluster, alice, patch), "spec.infrastructureSpec")).Message.ShouldEndWith(
            Lacking("remotemachines", Infrastructures.Group, "infrastructureSpec", cluster, " (spec.machineTemplate and spec.nodeTaints say what becomes of it)"));
        await AllowAsync(cluster, Alice, Infrastructures);
        (await RefusalOnceAsync(() => PatchAsync(cluster, alice, patch), "spec.bootstrapSpec")).Message.ShouldEndWith(
            Lacking("k0sworkerconfigs", Bootstraps.Group, "bootstrapSpec", cluster, " (spec.machineTemplate and spec.nodeTaints say what becomes of it)"));
        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures, Machines);
        await AcceptedOnceAsync(() => PatchAsync(cluster, alice, patch));
    }

    [Fact]
    public async Task Who_may_not_get_a_Secret_may_not_have_5_Spot_use_it()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures, Machines);
        using var alice = As(cluster, Alice);
        var machine = Cluster.ScheduledMachineJson("pc-1");
        machine["spec"]!["kubeconfigSecretRef"] = JsonNode.Parse("""{"name":"of-bob"}""");

        // Whether there is one makes no difference.
        var without = await RefusalOnceAsync(() => CreateAsync(cluster, alice, machine), "Secret");
        without.Code.ShouldBe(403);
        without.Message.ShouldEndWith(LackingSecret("of-bob", cluster));
        await CreateSecretAsync(cluster, "of-bob");
        (await RefusalAsync(() => CreateAsync(cluster, alice, machine))).Message.ShouldBe(without.Message);

        await AllowToGetSecretAsync(cluster, Alice, "of-alice");
        machine["spec"]!["kubeconfigSecretRef"] = JsonNode.Parse("""{"name":"of-alice"}""");
        await AcceptedOnceAsync(() => CreateAsync(cluster, alice, machine));
        (await RefusalAsync(() => PatchAsync(cluster, alice, """{"spec":{"kubeconfigSecretRef":{"name":"of-bob"}}}"""))).Message
            .ShouldEndWith(LackingSecret("of-bob", cluster));
    }

    [Fact]
    public async Task The_Secret_is_asked_for_when_its_name_or_key_changes_and_not_otherwise()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice, Bootstraps, Infrastructures, Machines);
        using var alice = As(cluster, Alice);
        var machine = Cluster.ScheduledMachineJson("pc-1");
        machine["spec"]!["kubeconfigSecretRef"] = JsonNode.Parse("""{"name":"of-bob","key":"value"}""");
        await CreateAsync(cluster, cluster.Api, machine);

        await AcceptedOnceAsync(() => PatchAsync(cluster, alice, """{"spec":{"priority":51,"kubeconfigSecretRef":{"name":"of-bob"}}}"""));
        (await RefusalAsync(() => PatchAsync(cluster, alice, """{"spec":{"kubeconfigSecretRef":{"key":"password"}}}"""))).Message
            .ShouldEndWith(LackingSecret("of-bob", cluster));
        await PatchAsync(cluster, alice, """{"spec":{"kubeconfigSecretRef":null}}""");
        (await RefusalAsync(() => PatchAsync(cluster, alice, """{"spec":{"kubeconfigSecretRef":{"name":"of-bob"}}}"""))).Message
            .ShouldEndWith(LackingSecret("of-bob", cluster));
    }

    [Fact]
    public async Task Who_may_create_one_of_the_two_may_change_that_one()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice, Infrastructures, Machines);
        await CreateAsync(cluster, cluster.Api);
        using var alice = As(cluster, Alice);

        await AcceptedOnceAsync(() => PatchAsync(cluster, alice, """{"spec":{"infrastructureSpec":{"spec":{"port":23}}}}"""));
        (await RefusalAsync(() => PatchAsync(cluster, alice, """{"spec":{"bootstrapSpec":{"spec":{"a":1}}}}"""))).Message.ShouldContain("spec.bootstrapSpec");
    }

    [Fact]
    public async Task The_controller_writes_what_it_must_with_no_exception_made_for_it()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Controller);
        await CreateAsync(cluster, cluster.Api);
        using var controller = As(cluster, Controller);

        await AcceptedOnceAsync(() => PatchAsync(cluster, controller, """{"metadata":{"finalizers":["5spot.finos.org/scheduledmachine"]}}"""));
        await AcceptedOnceAsync(() => PatchAsync(cluster, controller, """{"status":{"phase":"Active","ready":true}}""", "status"));
        await PatchAsync(cluster, controller, """{"spec":{"schedule":{"enabled":false}}}""");
        await cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await PatchAsync(cluster, controller, """{"metadata":{"finalizers":null}}""");
        (await cluster.GetAsync(Kinds.ScheduledMachine, "pc-1")).ShouldBeNull();

        // Nor is it named. (That it may write a template, should it try, is by its rights to make the objects alone.)
        (await cluster.GetAsync(AdmissionFolder.Policy, AdmissionFolder.PolicyName))!["spec"]!.ToJsonString().ShouldNotContain("5spot-controller");
    }

    [Fact]
    public async Task What_was_stored_before_the_definition_had_rules_can_be_let_go()
    {
        await using var cluster = await StartAsync(Definitions.WithoutRules);
        var broken = Cluster.ScheduledMachineJson("pc-1");
        broken["spec"]!.AsObject().Remove("bootstrapSpec");
        broken["spec"]!.AsObject().Remove("clusterName");
        broken["spec"]!["infrastructureSpec"] = "none";
        await cluster.CreateAsync(Kinds.ScheduledMachine, broken);
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Controller);
        using var controller = As(cluster, Controller);

        await AcceptedOnceAsync(() => PatchAsync(cluster, controller, """{"metadata":{"finalizers":["5spot.finos.org/scheduledmachine"]}}"""));
        await PatchAsync(cluster, controller, """{"spec":{"schedule":{"enabled":false}}}""");
        await PatchAsync(cluster, controller, """{"metadata":{"finalizers":null}}""");

        // What can't be judged is refused.
        broken["metadata"]!["name"] = "pc-2";
        (await RefusalAsync(() => cluster.CreateAsync(Kinds.ScheduledMachine, broken))).Message.ShouldContain(AdmissionFolder.PolicyName);
    }

    [Fact]
    public async Task The_permission_asked_for_is_that_for_the_plural_of_the_kind()
    {
        await using var cluster = await StartAsync();
        await using var policy = await InForceAsync(cluster);
        using var alice = As(cluster, Alice);
        await AllowAsync(cluster, Alice, [Bootstraps, Machines, .. Plurals.Select(plural => ("k0smotron.io", plural.Resource))]);
        foreach (var (index, (kind, resource)) in Plurals.Index())
        {
            var machine = Cluster.ScheduledMachineJson($"pc-{index}");
            machine["spec"]!["infrastructureSpec"]!["kind"] = kind;

            // The resource of that name in another group is another one.
            (await RefusalOnceAsync(() => CreateAsync(cluster, alice, machine), "spec.infrastructureSpec")).Message
                .ShouldEndWith(Lacking(resource, Infrastructures.Group, "infrastructureSpec", cluster));

            machine["spec"]!["infrastructureSpec"]!["apiVersion"] = "k0smotron.io/v1beta1";
            await CreateAsync(cluster, alice, machine);
        }
    }

    // The definition refuses these first; the policy does not rely on that.
    [Fact]
    public async Task Of_a_core_kind_the_permission_is_asked_for_in_the_core_group()
    {
        await using var cluster = await StartAsync(Definitions.WithoutRules);
        await using var policy = await InForceAsync(cluster);
        await AllowAsync(cluster, Alice, Bootstraps);
        using var alice = As(cluster, Alice);
        var machine = Cluster.ScheduledMachineJson("pc-1");
        machine["spec"]!["infrastructureSpec"] = JsonNode.Parse("""{"apiVersion":"v1","kind":"Pod","spec":{}}""");

        (await RefusalOnceAsync(() => CreateAsync(cluster, alice, machine), "spec.infrastructureSpec")).Message
            .ShouldEndWith(Lacking("pods", "", "infrastructureSpec", cluster));
        await AllowAsync(cluster, Alice, Bootstraps, Machines, ("", "pods"));
        await AcceptedOnceAsync(() => CreateAsync(cluster, alice, machine));
    }

    [Fact]
    public async Task All_annotations_together_have_at_most_256_KiB()
    {
        await using var cluster = await StartAsync();

        // Stored before the policy.
        await cluster.CreateAsync(Kinds.ScheduledMachine, Annotated("old", tooMany: 1));
        await using var policy = await InForceAsync(cluster);

        await cluster.CreateAsync(Kinds.ScheduledMachine, Annotated("pc-1", tooMany: 0));
        var refusal = await RefusalAsync(() => cluster.CreateAsync(Kinds.ScheduledMachine, Annotated("pc-2", tooMany: 1)));
        refusal.Code.ShouldBe(422);
        refusal.Message.ShouldEndWith(AnnotationsTooLarge);
        foreach (var field in (string[])["bootstrapSpec", "infrastructureSpec"])
        {
            var machine = Annotated("pc-3", tooMany: 1);
            machine["spec"]![field]!["metadata"] = machine["spec"]!["machineTemplate"]!.DeepClone();
            machine["spec"]!.AsObject().Remove("machineTemplate");
            (await RefusalAsync(() => cluster.CreateAsync(Kinds.ScheduledMachine, machine))).Message
                .ShouldEndWith(AnnotationsTooLarge.Replace("machineTemplate", $"{field}.metadata", StringComparison.Ordinal));
        }

        await cluster.PatchAsync(Kinds.ScheduledMachine, "old", """{"spec":{"schedule":{"enabled":false}}}""");
        (await RefusalAsync(() => cluster.PatchAsync(Kinds.ScheduledMachine, "old", """{"spec":{"machineTemplate":{"annotations":{"c":""}}}}""")))
            .Message.ShouldEndWith(AnnotationsTooLarge);

        // Counted in bytes, of keys and of values.
        static JsonObject Annotated(string name, int tooMany)
        {
            var machine = Cluster.ScheduledMachineJson(name);
            machine["spec"]!["machineTemplate"] = new JsonObject
            {
                ["annotations"] = new JsonObject { ["a"] = new string('ä', 64 * 1024), ["b"] = new string('x', (128 * 1024) - 2 + tooMany) },
            };
            return machine;
        }
    }

    private static Task<Cluster> StartAsync(Definitions? definitions = null)
    {
        Assert.SkipWhen(KubeAssets.Found is null, KubeAssets.WhyNot);
        Assert.SkipWhen(KubeAssets.Found.Version < new Version(1, 30), $"Kubernetes {KubeAssets.Found.Version} has no ValidatingAdmissionPolicy: it takes 1.30");
        return Cluster.StartAsync(ServerKind.KubeApiServer, definitions);
    }

    /// <summary>Applies the folder, and waits until the server acts by it: policies reach it in their own time.</summary>
    private static async Task<PolicyInForce> InForceAsync(Cluster cluster)
    {
        await AdmissionFolder.ApplyAsync(cluster.Api);
        var inForce = new PolicyInForce(cluster);
        try
        {
            await Wait.UntilAsync("the policy is in force", inForce.IsAsync);
            return inForce;
        }
        catch
        {
            await inForce.DisposeAsync();
            throw;
        }
    }

    private static ApiClient As(Cluster cluster, string user) => cluster.Connect("scenario", inner => new Impersonation(inner, user));

    /// <summary>Lets somebody do everything with ScheduledMachines, and create the resources named; what they were allowed before they no longer are.</summary>
    private static Task AllowAsync(Cluster cluster, string user, params (string Group, string Resource)[] creates) =>
        AllowAsync(cluster, user, cluster.Namespace, ["create"], [("5spot.finos.org", "scheduledmachines"), ("5spot.finos.org", "scheduledmachines/status"), .. creates]);

    private static async Task AllowAsync(Cluster cluster, string user, string ns, string[] verbs, params (string Group, string Resource)[] resources)
    {
        var name = user.Replace(':', '-') + (verbs is ["create"] ? "" : "-otherwise");
        await ApplyAsync(Kinds.Role, new JsonObject
        {
            ["rules"] = new JsonArray([.. resources.Select(one => (JsonNode)new JsonObject
            {
                ["apiGroups"] = new JsonArray(one.Group),
                ["resources"] = new JsonArray(one.Resource),
                ["verbs"] = new JsonArray([.. (one.Group == "5spot.finos.org" ? ["*"] : verbs).Select(verb => (JsonNode)verb)]),
            })]),
        });
        await ApplyAsync(Kinds.RoleBinding, new JsonObject
        {
            ["roleRef"] = new JsonObject { ["apiGroup"] = Kinds.Role.Group, ["kind"] = Kinds.Role.Kind, ["name"] = name },
            ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = Kinds.Role.Group, ["kind"] = "User", ["name"] = user }),
        });

        Task ApplyAsync(ResourceType type, JsonObject body)
        {
            body["apiVersion"] = $"{type.Group}/{type.Version}";
            body["kind"] = type.Kind;
            body["metadata"] = new JsonObject { ["name"] = name };
            return cluster.Api.ApplyAsync(type, new ObjectKey(ns, name), Bytes(body), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);
        }
    }

    private static Task CreateAsync(Cluster cluster, ApiClient by, string name = "pc-1") => CreateAsync(cluster, by, Cluster.ScheduledMachineJson(name));

    private static Task CreateAsync(Cluster cluster, ApiClient by, JsonObject machine) =>
        by.CreateAsync(Kinds.ScheduledMachine, cluster.Namespace, Bytes(machine), "scenario", Cluster.Parse, CancellationToken.None);

    private static Task PatchAsync(Cluster cluster, ApiClient by, string patch, string? subresource = null) => by.MergePatchAsync(
        Kinds.ScheduledMachine, new ObjectKey(cluster.Namespace, "pc-1"), Encoding.UTF8.GetBytes(patch), "scenario", subresource, Cluster.Parse, CancellationToken.None);

    private static Task<ApiException> RefusalAsync(Func<Task> call) => Should.ThrowAsync<ApiException>(call);

    // Roles, too, reach the server in their own time.
    private static async Task<ApiException> RefusalOnceAsync(Func<Task> call, string words)
    {
        ApiException? last = null;
        await Wait.UntilAsync($"it is refused for {words}", async () => (last = await RefusalAsync(call)).Message.Contains(words, StringComparison.Ordinal), () => Task.FromResult(last!.Message));
        return last!;
    }

    private static async Task AcceptedOnceAsync(Func<Task> call)
    {
        var last = "";
        await Wait.UntilAsync(
            "it is accepted",
            async () =>
            {
                try
                {
                    await call();
                    return true;
                }
                catch (ApiException refused) when (refused.IsForbidden)
                {
                    last = refused.Message;
                    return false;
                }
            },
            () => Task.FromResult(last));
    }

    private static Task CreateSecretAsync(Cluster cluster, string name) => cluster.CreateAsync(
        Kinds.Secret, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = name } });

    private static async Task AllowToGetSecretAsync(Cluster cluster, string user, string secret)
    {
        var rule = JsonNode.Parse($$"""{"apiGroups":[""],"resources":["secrets"],"resourceNames":["{{secret}}"],"verbs":["get"]}""");
        await cluster.CreateAsync(Kinds.Role, new JsonObject
        {
            ["apiVersion"] = $"{Kinds.Role.Group}/{Kinds.Role.Version}",
            ["kind"] = Kinds.Role.Kind,
            ["metadata"] = new JsonObject { ["name"] = secret },
            ["rules"] = new JsonArray(rule),
        });
        await cluster.CreateAsync(Kinds.RoleBinding, new JsonObject
        {
            ["apiVersion"] = $"{Kinds.RoleBinding.Group}/{Kinds.RoleBinding.Version}",
            ["kind"] = Kinds.RoleBinding.Kind,
            ["metadata"] = new JsonObject { ["name"] = secret },
            ["roleRef"] = new JsonObject { ["apiGroup"] = Kinds.Role.Group, ["kind"] = Kinds.Role.Kind, ["name"] = secret },
            ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = Kinds.Role.Group, ["kind"] = "User", ["name"] = user }),
        });
    }

    private static string LackingSecret(string name, Cluster cluster) =>
        $"{Alice} has no permission to get Secret \"{name}\" in namespace {cluster.Namespace}, whose credentials spec.kubeconfigSecretRef has 5-Spot use: "
        + "ask for a Role there that allows get on secrets with that name, or name a Secret that you may get (403 Forbidden)";

    private static string Lacking(string resource, string group, string field, Cluster cluster, string besides = "") =>
        $"{Alice} has no permission to create {resource} of API group \"{group}\" in namespace {cluster.Namespace}, which spec.{field} has 5-Spot create{besides}: "
        + $"ask for a Role there that allows create on {resource} of that group, or use a kind that you may create (403 Forbidden)";

    private static byte[] Bytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes((JsonNode)body);

    /// <summary>The policy on a server that others use after this test.</summary>
    private sealed class PolicyInForce(Cluster cluster) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await cluster.DeleteAsync(AdmissionFolder.Binding, AdmissionFolder.PolicyName);
            await cluster.DeleteAsync(AdmissionFolder.Policy, AdmissionFolder.PolicyName);
            await Wait.UntilAsync("the policy is no longer in force", async () => !await IsAsync());
        }

        /// <summary>Whether somebody who may create ScheduledMachines and nothing else is refused.</summary>
        public async Task<bool> IsAsync()
        {
            const string Probe = "probe";
            await AllowAsync(cluster, Probe);
            using var probe = cluster.Connect("scenario", inner => new DryRun(new Impersonation(inner, Probe)));
            try
            {
                await CreateAsync(cluster, probe, Probe);
                return false;
            }
            catch (ApiException refused) when (refused.IsForbidden && !refused.Message.Contains("ValidatingAdmissionPolicy", StringComparison.Ordinal))
            {
                // The probe's Role is not in force yet: try again.
                return false;
            }
            catch (ApiException refused) when (refused.IsForbidden)
            {
                return true;
            }
        }
    }
}
