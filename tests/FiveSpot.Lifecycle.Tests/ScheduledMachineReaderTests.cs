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
