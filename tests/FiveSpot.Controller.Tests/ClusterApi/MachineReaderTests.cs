// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Tests.ClusterApi;

/// <summary>Contract, section 4: what a Machine says, in the words of either version.</summary>
public sealed class MachineReaderTests
{
    private const string Node = "\"nodeRef\":{\"name\":\"n\",\"uid\":\"u\"},";

    [Theory]
    [InlineData("v1beta2", "C(Ready=True)", true, "of Ready")]
    [InlineData("v1beta2", "C(Ready=False)", false, "of Ready")]
    [InlineData("v1beta2", "C(Ready=Unknown)", false, "of Ready")]
    [InlineData("v1beta2", "C(NodeHealthy=True)", false, null)]
    [InlineData("v1beta2", "", false, null)]
    // Ready of v1beta1 is True as soon as there is a machine, whatever becomes of its Node.
    [InlineData("v1beta1", "C(Ready=True)", false, null)]
    [InlineData("v1beta1", "C(Ready=True NodeHealthy=False)", false, "of NodeHealthy")]
    [InlineData("v1beta1", "C(Ready=True NodeHealthy=True)", true, "of NodeHealthy")]
    [InlineData("v1beta1", "C(Ready=False NodeHealthy=True)", true, "of Ready")]
    [InlineData("v1beta1", "C(Ready=False NodeHealthy=False)", false, "of Ready")]
    [InlineData("v1beta1", "C(Ready=True NodeHealthy=True),N(Ready=False)", false, "of Ready")]
    [InlineData("v1beta1", "C(Ready=False NodeHealthy=False),N(Ready=True)", true, "of Ready")]
    [InlineData("v1beta1", "N(NodeHealthy=True),C(NodeHealthy=False)", false, "of NodeHealthy")]
    [InlineData("v1beta1", "", false, null)]
    public void It_works_with_its_Node_and_not_before(string version, string status, bool ready, string? message)
    {
        var machine = Read(version, Node + Conditions(status));
        machine.Ready.ShouldBe(ready);
        machine.ReadyMessage.ShouldBe(message);

        if (version == "v1beta1" && !status.Contains("N(Ready=True)", StringComparison.Ordinal))
        {
            Read(version, Conditions(status)).Ready.ShouldBeFalse("there is no Node");
        }
    }

    [Theory]
    [InlineData("v1beta2", "C(OwnerRemediated=False)", true)]
    [InlineData("v1beta2", "C(OwnerRemediated=True)", false)]
    [InlineData("v1beta2", "C(HealthCheckSucceeded=False)", false)]
    [InlineData("v1beta1", "C(OwnerRemediated=False)", true)]
    [InlineData("v1beta1", "N(OwnerRemediated=False)", true)]
    [InlineData("v1beta1", "C(Ready=True),N(Ready=True)", false)]
    public void A_health_check_waits_for_whoever_made_it(string version, string status, bool isWaiting) =>
        Read(version, Conditions(status)).IsWaitingForRemediation.ShouldBe(isWaiting);

    [Theory]
    [InlineData("v1beta1", "\"failureReason\":\"CreateError\",\"failureMessage\":\"two\\nlines\"", "CreateError: two lines")]
    [InlineData("v1beta2", "\"deprecated\":{\"v1beta1\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"failureReason\":\"CreateError\",\"failureMessage\":\"m\"}}", "CreateError: m")]
    [InlineData("v1beta1", "\"failureMessage\":\"m\"", "no reason: m")]
    [InlineData("v1beta1", "\"failureReason\":\"CreateError\"", "CreateError: no message")]
    [InlineData("v1beta2", "\"deprecated\":{\"v1beta1\":null}", null)]
    [InlineData("v1beta2", "\"deprecated\":7", null)]
    [InlineData("v1beta1", "\"v1beta2\":[],\"failureReason\":{}", null)]
    public void What_it_says_of_its_failure_is_one_line(string version, string status, string? failure)
    {
        var machine = Read(version, status);
        machine.Failure.ShouldBe(failure);
        machine.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_said_of_a_failure_is_bounded() =>
        Read("v1beta1", $"\"failureMessage\":\"{new string('x', 5000)}\"").Failure!.Length.ShouldBeLessThan(310);

    // An API server keeps what its definition lets in; what is none of its numbers must not end the watch.
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("300", 300L)]
    [InlineData("2147483647", 2147483647L)]
    [InlineData("2147483648", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("-1", null)]
    [InlineData("-9223372036854775808", null)]
    [InlineData("18446744073709551616", null)]
    [InlineData("1e999", null)]
    [InlineData("300.5", null)]
    [InlineData("\"300\"", null)]
    [InlineData("[300]", null)]
    [InlineData("null", null)]
    public void A_number_of_seconds_that_can_not_be_is_none(string seconds, long? read)
    {
        var machine = MachineReader.Read(
            Encoding.UTF8.GetBytes($$$"""
                {"metadata":{"name":"pc-1","namespace":"default","uid":"u","resourceVersion":"1"},
                 "spec":{"deletion":{"nodeDrainTimeoutSeconds":{{{seconds}}},"nodeVolumeDetachTimeoutSeconds":{{{seconds}}},"nodeDeletionTimeoutSeconds":{{{seconds}}} },"providerID":"p"} }
                """),
            "cluster.x-k8s.io/v1beta2");
        TimeSpan? time = read is { } known ? TimeSpan.FromSeconds(known) : null;
        machine.DeletionTimeouts.ShouldBe(new DeletionTimeouts(time, time, time));
        machine.ProviderId.ShouldBe("p", "what follows is read too");
    }

    [Theory]
    [InlineData("\"5m0s\"", 300L)]
    [InlineData("\"2562047h47m16s\"", 9223372036L)]
    [InlineData("\"99999999999999999999h\"", null)]
    [InlineData("\"9223372036854775807s\"", null)]
    [InlineData("\"-5m\"", null)]
    [InlineData("\"1e9s\"", null)]
    [InlineData("300", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("{}", null)]
    public void A_duration_that_can_not_be_is_none(string text, long? read)
    {
        var machine = MachineReader.Read(
            Encoding.UTF8.GetBytes($$$"""
                {"metadata":{"name":"pc-1","namespace":"default","uid":"u","resourceVersion":"1"},
                 "spec":{"nodeDrainTimeout":{{{text}}},"nodeVolumeDetachTimeout":{{{text}}},"nodeDeletionTimeout":{{{text}}},"providerID":"p"} }
                """),
            "cluster.x-k8s.io/v1beta1");
        TimeSpan? time = read is { } known ? TimeSpan.FromSeconds(known) : null;
        machine.DeletionTimeouts.ShouldBe(new DeletionTimeouts(time, time, time));
        machine.ProviderId.ShouldBe("p", "what follows is read too");
    }

    private static CapiMachine Read(string version, string status) => MachineReader.Read(
        Encoding.UTF8.GetBytes($$"""{"metadata":{"name":"pc-1","namespace":"default","uid":"u","resourceVersion":"1"},"spec":{},"status":{ {{status.TrimEnd(',')}} } }"""),
        $"cluster.x-k8s.io/{version}");

    // C(…) are conditions where the version has them, N(…) those that v1beta1 has of v1beta2.
    private static string Conditions(string text) => string.Join(',', text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(list =>
    {
        var conditions = list[2..^1].Split(' ').Select(condition => condition.Split('='))
            .Select(pair => $$"""{"type":"{{pair[0]}}","status":"{{pair[1]}}","message":"of {{pair[0]}}"}""");
        var json = $"\"conditions\":[{string.Join(',', conditions)}]";
        return list[0] == 'C' ? json : $"\"v1beta2\":{{{json}}}";
    }));
}
