// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Tests.Schemas;

public sealed class BuiltInSchemasTests
{
    [Fact]
    public void Every_kind_has_a_schema_with_metadata_and_a_description()
    {
        BuiltInSchemas.All.Count.ShouldBe(32);
        foreach (var (group, version, kind) in BuiltInSchemas.All)
        {
            var schema = BuiltInSchemas.For(group, version, kind);
            schema["properties"]!["metadata"]!["properties"]!["ownerReferences"]!["x-kubernetes-patch-merge-key"]!.GetValue<string>().ShouldBe("uid");
            schema["description"]!.GetValue<string>().ShouldNotBeEmpty();
            StructuralSchema.ForBuiltIn(schema);
        }
    }

    [Theory]
    [InlineData("containers", "name", "name")]
    [InlineData("volumes", "name", "name")]
    [InlineData("topologySpreadConstraints", "topologyKey,whenUnsatisfiable", "topologyKey")]
    public void Lists_of_a_pod_merge_by_their_keys(string list, string keys, string mergeKey)
    {
        var schema = BuiltInSchemas.For("", "v1", "Pod")["properties"]!["spec"]!["properties"]![list]!;
        schema["x-kubernetes-list-type"]!.GetValue<string>().ShouldBe("map");
        string.Join(',', schema["x-kubernetes-list-map-keys"]!.AsArray()).ShouldBe(keys);
        schema["x-kubernetes-patch-merge-key"]!.GetValue<string>().ShouldBe(mergeKey);
    }

    [Fact]
    public void A_pod_is_pruned_and_checked()
    {
        var schema = StructuralSchema.ForBuiltIn(BuiltInSchemas.For("", "v1", "Pod"));
        var pod = SharedData.Map("""
            apiVersion: v1
            kind: Pod
            metadata: {name: p, creationTimestamp: null, finalizers: [a/b]}
            spec:
              containers:
              - name: c
                image: busybox
                imagee: typo
                ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]
                resources: {limits: {cpu: 1, memory: 64Mi}}
                livenessProbe: {httpGet: {port: http}}
              tolerations: [{operator: Exists}]
            status: {}
            """);
        schema.Prune(pod, isResourceRoot: true).ShouldBe(["spec.containers[0].imagee"]);
        schema.ApplyDefaults(pod);
        pod["spec"]!["containers"]![0]!["ports"]![0]!["protocol"]!.GetValue<string>().ShouldBe("TCP");
        schema.Validate(pod, null).ShouldBeEmpty();

        pod["spec"]!["containers"]![0]!.AsObject().Remove("name");
        pod["spec"]!["nodeName"] = 5;
        schema.Validate(pod, null).Select(e => e.ToString()).ShouldBe(
            [
                "spec.containers[0].name: Required value",
                "spec.nodeName: Invalid value: \"integer\": spec.nodeName in body must be of type string: \"integer\"",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public void A_definition_keeps_its_schemas_as_they_are()
    {
        var schema = StructuralSchema.ForBuiltIn(BuiltInSchemas.For("apiextensions.k8s.io", "v1", "CustomResourceDefinition"));
        var crd = SharedData.Map("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: xs.g}
            spec:
              group: g
              scope: Namespaced
              names: {plural: xs, kind: X}
              versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {a: {type: string, default: x}}}}}]
            """);
        var before = crd.ToJsonString();
        schema.Prune(crd, isResourceRoot: true).ShouldBeEmpty();
        schema.ApplyDefaults(crd);
        crd.ToJsonString().ShouldBe(before);
        schema.Validate(crd, null).ShouldBeEmpty();
    }

    [Fact]
    public void An_unknown_kind_is_not_there() =>
        Should.Throw<KeyNotFoundException>(() => BuiltInSchemas.For("", "v1", "Endpoints"));
}
