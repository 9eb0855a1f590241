// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Tests.ClusterApi;

/// <summary>Lists of which a part is kept: written back, they would take from others what is not known here.</summary>
public sealed class CutListTests
{
    private static ScheduledMachine Read(IEnumerable<string> finalizers) => ScheduledMachineReader.Read(Encoding.UTF8.GetBytes(
        $$"""{"metadata":{"name":"pc-1","resourceVersion":"7","finalizers":[{{string.Join(',', finalizers.Select(static name => $"\"{name}\""))}}]},"spec":{} }"""));

    [Fact]
    public void A_list_that_is_known_whole_is_written_whole()
    {
        var machine = Read(Enumerable.Range(0, ObjectMetadata.MostOfAList).Select(static i => $"example.com/{i}"));
        var patch = Encoding.UTF8.GetString(ObjectWriter.FinalizersPatch(machine, machine.Metadata.Finalizers).Span);
        patch.ShouldContain("example.com/0\"");
        patch.ShouldContain($"example.com/{ObjectMetadata.MostOfAList - 1}\"");
    }

    [Fact]
    public void One_of_which_a_part_was_left_out_is_not_written()
    {
        var many = Read(Enumerable.Range(0, ObjectMetadata.MostOfAList + 1).Select(static i => $"example.com/{i}"));
        Should.Throw<ApiException>(() => ObjectWriter.FinalizersPatch(many, many.Metadata.Finalizers)).Message.ShouldBe(
            "metadata.finalizers can't be changed: there are more than 64 finalizers or owners, or one is longer than 512 characters, and some would be lost.");
    }

    [Fact]
    public void Nor_one_with_a_name_that_was_too_long_to_be_kept()
    {
        var longer = Read([new string('x', ObjectMetadata.LongestName + 1)]);
        Should.Throw<ApiException>(() => ObjectWriter.FinalizersPatch(longer, longer.Metadata.Finalizers));
    }

    [Fact]
    public void The_owners_of_a_Machine_are_not_written_either()
    {
        var owners = string.Join(',', Enumerable.Range(0, ObjectMetadata.MostOfAList + 1).Select(
            static i => $$"""{"apiVersion":"v1","kind":"ConfigMap","name":"o{{i}}","uid":"u{{i}}"}"""));
        var found = MachineReader.Read(Encoding.UTF8.GetBytes(
            $$"""{"metadata":{"name":"pc-1","resourceVersion":"7","ownerReferences":[{{owners}}]},"spec":{"clusterName":"office"} }"""), "cluster.x-k8s.io/v1beta2");
        Should.Throw<ApiException>(() => ObjectWriter.AdoptionPatch(Read([]), found, cluster: null));
    }
}
