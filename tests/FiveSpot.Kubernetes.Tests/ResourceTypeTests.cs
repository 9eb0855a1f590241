// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes.Tests;

public sealed class ResourceTypeTests
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", true);
    private static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", false);
    private static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", true);

    [Fact]
    public void Paths_follow_group_scope_and_subresource()
    {
        Pods.ApiVersion.ShouldBe("v1");
        Machines.ApiVersion.ShouldBe("cluster.x-k8s.io/v1beta2");
        Pods.CollectionPath().ShouldBe("/api/v1/pods");
        Pods.ObjectPath(new("a", "b"), "eviction").ShouldBe("/api/v1/namespaces/a/pods/b/eviction");
        Nodes.ObjectPath(ObjectKey.ClusterScoped("n")).ShouldBe("/api/v1/nodes/n");
        Machines.ObjectPath(new("a", "b"), "status").ShouldBe("/apis/cluster.x-k8s.io/v1beta2/namespaces/a/machines/b/status");
        ResourceType.SplitApiVersion("v1").ShouldBe(("", "v1"));
        ResourceType.SplitApiVersion("apps/v1").ShouldBe(("apps", "v1"));
    }

    [Theory]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("a?x=1#y", "a%3Fx%3D1%23y")]
    public void A_name_can_not_leave_its_part_of_the_path(string name, string escaped) =>
        Nodes.ObjectPath(ObjectKey.ClusterScoped(name)).ShouldBe($"/api/v1/nodes/{escaped}");

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public void A_name_that_would_climb_is_refused(string name) =>
        Should.Throw<ArgumentException>(() => Nodes.ObjectPath(ObjectKey.ClusterScoped(name)));

    [Fact]
    public void A_namespace_is_there_exactly_when_the_type_has_them()
    {
        Should.Throw<ArgumentException>(() => Pods.ObjectPath(ObjectKey.ClusterScoped("p")));
        Should.Throw<ArgumentException>(() => Nodes.ObjectPath(new("ns", "n")));
    }

    [Fact]
    public void Versions_compare_as_numbers()
    {
        ResourceVersions.Compare("9", "10").ShouldBeLessThan(0);
        ResourceVersions.Compare("11", "10").ShouldBeGreaterThan(0);
        ResourceVersions.Compare("10", "10").ShouldBe(0);
        ResourceVersions.Compare("99999999999999999999", "100000000000000000000").ShouldBeLessThan(0);
    }
}
