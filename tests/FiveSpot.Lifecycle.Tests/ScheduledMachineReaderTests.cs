// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.Lifecycle.Tests;

public sealed class ScheduledMachineReaderTests
{
    [Theory]
    [InlineData("RemoteMachine", """{"address":"192.0.2.1","port":22}""", "", "192.0.2.1")]
    [InlineData("RemoteMachine", """{"address":"192.0.2.1"}""", ",\"computer\":\"pc-1.example.com\"", "pc-1.example.com")]
    [InlineData("RemoteMachine", """{"address":"192.0.2.1"}""", ",\"computer\":null", "192.0.2.1")]
    [InlineData("RemoteMachine", """{"pool":"room-3"}""", "", null)]
    [InlineData("RemoteMachine", """{"address":""}""", "", null)]
    [InlineData("RemoteMachine", """{"address":7}""", "", null)]
    [InlineData("RemoteMachine", """{"providerID":"remote://1"}""", "", "remote://1")]
    [InlineData("DevMachine", """{"address":"192.0.2.1"}""", "", null)]
    [InlineData("DevMachine", """{"address":"192.0.2.1","providerID":"dev://1"}""", "", "dev://1")]
    [InlineData("DevMachine", """{}""", ",\"computer\":\"pc-1\"", "pc-1")]
    public void The_computer_is_what_the_spec_says_or_the_template_names(string kind, string template, string extraSpec, string? expected) =>
        Read(kind, template, extraSpec).Computer.ShouldBe(expected);

    [Fact]
    public void Of_a_large_one_no_more_is_kept_than_is_needed_until_its_objects_are_made()
    {
        var json = Encoding.UTF8.GetBytes($$$"""
            {"metadata":{"name":"pc-1","namespace":"default","labels":{"a":"b"},"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u"}]},
             "spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon"]},"killIfCommands":["java"],"machineTemplate":{"annotations":{"a":"b"} },
              "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"files":[{{{string.Join(',', Enumerable.Repeat("0", 100_000))}}}]} },
              "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"annotations":{"a":"b"} },"spec":{"address":"192.0.2.1"} } } }
            """);
        var kept = ScheduledMachineReader.Read(json);
        var whole = ScheduledMachineReader.ReadWhole(json);

        (kept.IsAbridged, whole.IsAbridged).ShouldBe((true, false));
        kept.Problems.ShouldBeEmpty();
        (kept.TemplateHash, kept.BootstrapHash, kept.InfrastructureHash, kept.Computer).ShouldBe((whole.TemplateHash, whole.BootstrapHash, whole.InfrastructureHash, "192.0.2.1"));
        kept.Spec!.BootstrapSpec.Spec.GetRawText().ShouldBe("{}");
        kept.Spec.InfrastructureSpec.Metadata.ShouldBeNull();
        (kept.Spec.BootstrapSpec.Kind, kept.Spec.KillIfCommands.Single()).ShouldBe(("K0sWorkerConfig", "java"));
        whole.Spec!.BootstrapSpec.Spec.GetProperty("files").GetArrayLength().ShouldBe(100_000);
        (kept.Metadata.Labels.Count, kept.Metadata.OwnerReferences.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void One_that_is_nested_deeper_than_a_template_may_be_is_an_error_of_its_own()
    {
        var json = Encoding.UTF8.GetBytes($$$"""
            {"metadata":{"name":"pc-1"},"spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon"]},"killSwitch":true,
             "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"deep":{{{new string('[', 9_000)}}}{{{new string(']', 9_000)}}} } },
             "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{} } } }
            """);
        var machine = ScheduledMachineReader.Read(json);
        machine.Problems.Single().ToString().ShouldContain("can't be read");
        machine.KillSwitch.ShouldBeTrue();
    }

    [Fact]
    public void The_template_hash_names_all_that_goes_into_the_three_objects_and_nothing_else()
    {
        string[] different =
        [
            Read("RemoteMachine", """{"address":"192.0.2.1"}""").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.2"}""").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", clusterName: "lab").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", ",\"computer\":\"pc-1\"").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", """,  "machineTemplate":{"version":"v1.33.1"}""").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", """,  "machineTemplate":{"failureDomain":"v1.33.1"}""").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", """,  "machineTemplate":{"labels":{"a":"b"}}""").TemplateHash,
            Read("RemoteMachine", """{"address":"192.0.2.1"}""", """,  "machineTemplate":{"annotations":{"a":"b"}}""").TemplateHash,
        ];
        different.ShouldBeUnique();
        Read("RemoteMachine", """{"address":"192.0.2.1"}""", ",\"priority\":7,\"enabled\":false").TemplateHash.ShouldBe(different[0]);
    }

    private static ScheduledMachine Read(string kind, string template, string extraSpec = "", string clusterName = "office") =>
        ScheduledMachineReader.Read(Encoding.UTF8.GetBytes($$"""
            {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"pc-1"},
             "spec":{"clusterName":"{{clusterName}}","schedule":{"daysOfWeek":["mon-fri"]},
               "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{} },
               "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"{{kind}}","spec":{{template}} }
               {{extraSpec}} } }
            """));
}
