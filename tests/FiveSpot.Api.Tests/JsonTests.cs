// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.Api.Tests;

public sealed class JsonTests
{
    private static readonly string[] Required = ["clusterName", "schedule", "bootstrapSpec", "infrastructureSpec"];

    [Fact]
    public void A_spec_reads_back_as_it_was() =>
        JsonNode.DeepEquals(JsonSerializer.SerializeToNode(Specs.Decode(Specs.Full()), ApiJsonContext.Default.ScheduledMachineSpec), Specs.Full())
            .ShouldBeTrue();

    [Fact]
    public void Fields_that_are_absent_null_or_left_to_the_constructor_have_the_same_defaults()
    {
        var absent = Specs.Full();
        var nulls = Specs.Full();
        foreach (var name in absent.Select(static pair => pair.Key).Except(Required).ToList())
        {
            absent.Remove(name);
            nulls[name] = null;
        }

        absent["schedule"] = new JsonObject();
        nulls["schedule"] = JsonNode.Parse("""{"daysOfWeek":null,"hoursOfDay":null,"timezone":null,"enabled":null}""");
        var made = new ScheduledMachineSpec
        {
            ClusterName = "grid-1.zurich",
            Schedule = new(),
            BootstrapSpec = Specs.Decode(Specs.Full()).BootstrapSpec,
            InfrastructureSpec = Specs.Decode(Specs.Full()).InfrastructureSpec,
        };
        var expected = JsonSerializer.Serialize(made, ApiJsonContext.Default.ScheduledMachineSpec);
        foreach (var spec in new[] { Specs.Decode(absent), Specs.Decode(nulls) })
        {
            JsonSerializer.Serialize(spec, ApiJsonContext.Default.ScheduledMachineSpec).ShouldBe(expected);
            spec.IsEnabled.ShouldBeTrue();
            spec.Enabled.ShouldBeTrue();
            spec.Schedule.Enabled.ShouldBeTrue();
            spec.Schedule.Timezone.ShouldBe("UTC");
            spec.Schedule.DaysOfWeek.ShouldBeEmpty();
            spec.Schedule.HoursOfDay.ShouldBeEmpty();
            spec.Priority.ShouldBe(50);
            spec.GracefulShutdownTimeout.ShouldBe("5m");
            spec.NodeDrainTimeout.ShouldBe("5m");
            spec.KillSwitch.ShouldBeFalse();
            spec.KillIfCommands.ShouldBeEmpty();
            spec.NodeTaints.ShouldBeEmpty();
            spec.MachineTemplate.ShouldBeNull();
            spec.KubeconfigSecretRef.ShouldBeNull();
        }
    }

    [Theory]
    [InlineData("""{"name":"x"}""")]
    [InlineData("""{"name":"x","key":null}""")]
    public void The_key_of_a_secret_is_value_by_default(string json) =>
        Specs.Decode(Specs.With("kubeconfigSecretRef", JsonNode.Parse(json))).KubeconfigSecretRef!.Key.ShouldBe("value");

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    public void Both_switches_count(bool machine, bool schedule, bool expected)
    {
        var spec = Specs.With("enabled", machine);
        spec["schedule"]!["enabled"] = schedule;
        Specs.Decode(spec).IsEnabled.ShouldBe(expected);
    }

    [Theory]
    [InlineData("priority")]
    [InlineData("killSwitch")]
    [InlineData("enabled")]
    public void A_value_of_zero_or_false_is_not_a_default(string field)
    {
        JsonNode value = field == "priority" ? 0 : false;
        var spec = Specs.Decode(Specs.With(field, value));
        JsonSerializer.SerializeToNode(spec, ApiJsonContext.Default.ScheduledMachineSpec)![field]!.ToJsonString()
            .ShouldBe(value.ToJsonString());
    }

    [Fact]
    public void Unknown_fields_are_passed_over()
    {
        var spec = Specs.Full();
        spec["futureField"] = new JsonObject { ["a"] = 1 };
        spec["schedule"]!["holidays"] = new JsonArray("2026-12-25");
        Specs.Decode(spec).Schedule.HoursOfDay.ShouldBe(["9-17"]);
    }

    [Fact]
    public void A_provider_s_fields_are_kept_as_they_are()
    {
        var spec = Specs.Decode(Specs.Full());
        JsonSerializer.Serialize(spec.BootstrapSpec.Spec, ApiJsonContext.Default.JsonElement)
            .ShouldContain("\"nothing\":null,\"list\":[1,2.5]");
    }

    [Theory]
    [InlineData("clusterName")]
    [InlineData("schedule")]
    [InlineData("bootstrapSpec")]
    [InlineData("infrastructureSpec")]
    public void A_required_field_that_is_absent_is_an_error(string field)
    {
        var spec = Specs.Full();
        spec.Remove(field);
        Should.Throw<JsonException>(() => Specs.Decode(spec)).Message.ShouldContain(field);
    }

    [Fact]
    public void A_status_is_written_as_it_was_read()
    {
        const string Json =
            """{"phase":"Active","ready":true,"message":"Runs.","inSchedule":true,"conditions":[{"type":"Ready","status":"True","observedGeneration":3,"lastTransitionTime":"2026-01-05T09:00:00Z","reason":"MachineReady","message":""}],"machineRef":{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","name":"a","namespace":"b"},"nodeRef":{"apiVersion":"v1","kind":"Node","name":"n","uid":"u"},"providerID":"remote://10.0.0.1:22","appliedNodeTaints":[{"key":"workload","effect":"NoSchedule"}],"lastScheduledTime":"2026-01-05T09:00:00Z","nextTransitionTime":"2026-01-05T18:00:00Z","nextActivation":"2026-01-06T09:00:00Z","nextCleanup":"2026-01-05T18:10:00Z","observedGeneration":3}""";
        var status = JsonSerializer.Deserialize(Json, ApiJsonContext.Default.ScheduledMachineStatus)!;
        JsonSerializer.Serialize(status, ApiJsonContext.Default.ScheduledMachineStatus).ShouldBe(Json);
        status.NextTransitionTime.ShouldBe(new DateTimeOffset(2026, 1, 5, 18, 0, 0, TimeSpan.Zero));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"conditions":null,"ready":false}""")]
    public void A_status_may_be_empty(string json)
    {
        var status = JsonSerializer.Deserialize(json, ApiJsonContext.Default.ScheduledMachineStatus)!;
        status.Conditions.ShouldBeEmpty();
        JsonSerializer.Serialize(status, ApiJsonContext.Default.ScheduledMachineStatus)
            .ShouldBe("""{"ready":false,"inSchedule":false,"conditions":[]}""");
    }

    [Theory]
    [InlineData("2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("2026-01-05T09:00:00.987654Z", "2026-01-05T09:00:00Z")]
    [InlineData("2026-01-05T09:00:00.999999999Z", "2026-01-05T09:00:00Z")]
    [InlineData("2026-01-05T09:00:00+05:45", "2026-01-05T03:15:00Z")]
    [InlineData("2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z")]
    public void Times_are_written_in_UTC_to_the_second(string read, string written)
    {
        var status = JsonSerializer.Deserialize(
            $$"""{"lastScheduledTime":"{{read}}"}""", ApiJsonContext.Default.ScheduledMachineStatus)!;
        status.LastScheduledTime!.Value.Offset.ShouldBe(TimeSpan.Zero);
        JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.ScheduledMachineStatus)!["lastScheduledTime"]!
            .GetValue<string>().ShouldBe(written);
    }

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("\"2026-13-01T00:00:00Z\"")]
    [InlineData("1767603600")]
    public void A_time_that_is_none_is_an_error(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(
            $$"""{"lastScheduledTime":{{json}}}""", ApiJsonContext.Default.ScheduledMachineStatus));
}
