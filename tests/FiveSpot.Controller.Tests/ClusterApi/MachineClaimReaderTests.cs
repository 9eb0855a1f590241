// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Controller.ClusterApi;

namespace FiveSpot.Controller.Tests.ClusterApi;

/// <summary>What is kept of a Machine that 5-Spot did not make.</summary>
public sealed class MachineClaimReaderTests
{
    [Fact]
    public void It_reads_who_it_is_and_which_Node_it_claims()
    {
        var claim = Read("""
            {"apiVersion":"cluster.x-k8s.io/v1beta1","kind":"Machine",
             "metadata":{"name":"cp-1","namespace":"office","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-05T09:00:00Z","managedFields":[{"a":{"name":"no"}}]},
             "spec":{"bootstrap":{"configRef":{"name":"no"}},"clusterName":"office","providerID":"remote://cp-1"},
             "status":{"addresses":[{"nodeRef":{"name":"no"}}],"nodeRef":{"apiVersion":"v1","kind":"Node","name":"cp-1","uid":"n"},"phase":"Running"} }
            """);
        claim.ShouldBe(new MachineClaim
        {
            Key = new("office", "cp-1"),
            ResourceVersion = "7",
            CreatedAt = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero),
            ClusterName = "office",
            ProviderId = "remote://cp-1",
            NodeName = "cp-1",
        });
    }

    [Fact]
    public void The_uid_of_its_Node_matters_where_it_has_no_providerID() =>
        Read("""{"status":{"nodeRef":{"name":"cp-1","uid":"n"}}}""").NodeUid.ShouldBe("n");

    // Whatever it is, it must not go unseen: as one that claims nothing it can still be told from one that is not there.
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":null,"spec":7,"status":[{"nodeRef":{"name":"no"}}]}""")]
    [InlineData("""{"metadata":{"creationTimestamp":"no","labels":[]},"spec":{"providerID":{"a":[]},"clusterName":false},"status":{"nodeRef":"no","phase":"x"}}""")]
    [InlineData("""{"metadata":{"creationTimestamp":{}},"spec":{"providerID":""},"status":{"nodeRef":{"name":null,"uid":[]}}}""")]
    public void What_it_does_not_understand_it_passes_over(string json) =>
        Read(json).ShouldBe(new MachineClaim { Key = new("", ""), ResourceVersion = "" });

    [Fact]
    public void A_providerID_without_end_is_not_kept()
    {
        Read($$"""{"spec":{"providerID":"{{new string('x', 512)}}"} }""").ProviderId!.Length.ShouldBe(512);
        Read($$"""{"spec":{"providerID":"{{new string('x', 513)}}"} }""").ProviderId.ShouldBeNull();
    }

    private static MachineClaim Read(string json) => MachineClaimReader.Read(Encoding.UTF8.GetBytes(json));
}
