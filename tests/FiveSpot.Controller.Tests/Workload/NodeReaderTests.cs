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
}
