// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Controller.Workload;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>What is read of a Node.</summary>
public sealed class NodeReaderTests
{
    private const string Unreachable = """[{"key":"node.kubernetes.io/unreachable","effect":"NoExecute"}]""";

    [Theory]
    [InlineData("Unknown", "[]", true)]
    [InlineData("Unknown", Unreachable, true)]
    [InlineData("False", Unreachable, true)]
    [InlineData("False", "[]", false)]
    [InlineData("True", "[]", false)]
    [InlineData("True", Unreachable, false)]
    public void Whether_it_has_been_heard_of(string ready, string taints, bool isUnreachable) => NodeReader.Read(Encoding.UTF8.GetBytes($$"""
        {"metadata":{"name":"pc-1"},"spec":{"taints":{{taints}} },
         "status":{"conditions":[{"type":"MemoryPressure","status":"Unknown"},{"type":"Ready","status":"{{ready}}"}]} }
        """)).IsUnreachable.ShouldBe(isUnreachable);

    [Theory]
    [InlineData("\"labels\":{\"node-role.kubernetes.io/control-plane\":\"\"}", "", true)]
    [InlineData("\"labels\":{\"node-role.kubernetes.io/master\":\"true\"}", "", true)]
    [InlineData("", "node-role.kubernetes.io/control-plane", true)]
    [InlineData("", "node-role.kubernetes.io/master", true)]
    [InlineData("\"labels\":{\"node-role.kubernetes.io/worker\":\"\"}", "example.com/node-role.kubernetes.io/master", false)]
    public void Whether_it_is_of_a_control_plane(string labels, string taint, bool isControlPlane) => NodeReader.Read(Encoding.UTF8.GetBytes($$"""
        {"metadata":{ {{labels}} },"spec":{"taints":[{"key":"{{taint}}","effect":"NoSchedule"}]} }
        """)).IsControlPlane.ShouldBe(isControlPlane);
}
