// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Json;
using FiveSpot.Scheduling;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Reads and checks a ScheduledMachine. Whatever is in the store is read: what breaks a rule, or can't be understood at
/// all, comes with a sentence that says so, and stops nobody else.
/// </summary>
public static class ScheduledMachineReader
{
    // More than most take, all fields of a spec together; there may be thousands.
    private const int LargestKept = 8 << 10;

    // Far more than any takes. A server takes a megabyte and a half, of which a tree takes ten times as much, and a hundred may be
    // read at one instant.
    private const int LargestRead = 512 << 10;
    private static readonly JsonElement Nothing = JsonElement.Parse("{}"u8);

    // k0smotron's, for a machine that is there already.
    private const string RemoteMachine = "RemoteMachine";

    /// <summary>Reads one ScheduledMachine as it is kept: of one that is large, what is only needed to make its objects is left out
    /// (<see cref="ScheduledMachine.IsAbridged"/>).</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static ScheduledMachine Read(ReadOnlySpan<byte> utf8Json)
    {
        var machine = ReadWhole(utf8Json, out var size);
        return size <= LargestKept || machine.Spec is not { } spec ? machine : machine with
        {
            IsAbridged = true,
            Spec = spec with
            {
                BootstrapSpec = Abridged(spec.BootstrapSpec),
                InfrastructureSpec = Abridged(spec.InfrastructureSpec),
                MachineTemplate = null,
            },
        };
    }

    /// <summary>Reads all of one ScheduledMachine, to make its objects.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static ScheduledMachine ReadWhole(ReadOnlySpan<byte> utf8Json) => ReadWhole(utf8Json, out _);

    private static ScheduledMachine ReadWhole(ReadOnlySpan<byte> utf8Json, out long size)
    {
        size = 0;
        var reader = ObjectJson.Reader(utf8Json);
        var metadata = new ObjectMetadata();
        var status = new ScheduledMachineStatus();
        JsonDocument? spec = null;
        ReadOnlySpan<byte> text = default;
        try
        {
            if (reader.EnterObject())
            {
                while (reader.NextProperty())
                {
                    if (reader.ValueTextEquals("metadata"u8))
                    {
                        reader.Read();
                        metadata = ObjectMetadata.Read(ref reader, IsRead, static _ => false) with { OwnerReferences = [] };
                    }
                    else if (reader.ValueTextEquals("spec"u8))
                    {
                        spec?.Dispose();
                        text = Value(ref reader, utf8Json);
                        spec = text.Length > LargestRead ? null : Tree(text);
                    }
                    else if (reader.ValueTextEquals("status"u8))
                    {
                        status = ReadStatus(ref reader, utf8Json);
                    }
                    else
                    {
                        reader.SkipValue();
                    }
                }
            }

            size = text.Length;
            var machine = new ScheduledMachine { Metadata = metadata, Status = status };
            return text.Length <= LargestRead ? Check(machine, spec?.RootElement) : machine with
            {
                KillSwitch = HasKillSwitch(text),
                Problems = [new RuleViolation("spec", $"has {text.Length >> 10} KiB: at most {LargestRead >> 10} KiB are read, templates and all.")],
            };
        }
        finally
        {
            spec?.Dispose();
        }
    }

    private static ReadOnlySpan<byte> Value(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8Json)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return utf8Json[start..(int)reader.BytesConsumed];
    }

    private static JsonDocument Tree(ReadOnlySpan<byte> text)
    {
        var reader = ObjectJson.Reader(text);
        return JsonDocument.ParseValue(ref reader);
    }

    private static bool HasKillSwitch(ReadOnlySpan<byte> text)
    {
        var reader = ObjectJson.Reader(text);
        return reader.EnterObject() && reader.FindProperty("killSwitch"u8) && reader.ReadTrue();
    }

    private static ScheduledMachine Check(ScheduledMachine machine, JsonElement? json)
    {
        if (json is not { ValueKind: JsonValueKind.Object } root)
        {
            return machine with { Problems = [new RuleViolation("spec", "is missing: it says which machine is wanted, and when.")] };
        }

        machine = machine with { KillSwitch = root.TryGetProperty("killSwitch", out var on) && on.ValueKind is JsonValueKind.True };
        ScheduledMachineSpec? spec;
        try
        {
            spec = root.Deserialize(ApiJsonContext.Default.ScheduledMachineSpec);
        }
        catch (JsonException exception)
        {
            var field = exception.Path is { Length: > 2 } path ? $"spec.{path[2..]}" : "spec";
            return machine with { Problems = [new RuleViolation(field, $"can't be read: {FirstSentence(exception.Message)}")] };
        }

        if (spec is null)
        {
            return machine;
        }

        List<RuleViolation> problems = [.. ScheduledMachineRules.Check(machine.Metadata.Name, spec)];
        WeeklySchedule? schedule = null;
        if (!problems.Exists(problem => problem.Field.StartsWith("spec.schedule", StringComparison.Ordinal))
            && !WeeklySchedule.TryParse(
                spec.Schedule.DaysOfWeek, spec.Schedule.HoursOfDay, spec.Schedule.Timezone, out schedule, out var errors))
        {
            problems.AddRange(errors.Select(error => new RuleViolation($"spec.schedule.{error.Field}", error.Message)));
        }

        return machine with
        {
            Spec = spec,
            Schedule = schedule,
            ScheduleText = Same(schedule?.ToString(), machine.Status.Schedule),
            Problems = problems,
            Computer = ComputerOf(spec),
            TemplateHash = Same(TemplateHash.Of(root, "bootstrapSpec", "infrastructureSpec", "machineTemplate", "clusterName", "computer"), machine.Status.AcceptedTemplates),
            BootstrapHash = TemplateHash.Of(root, "clusterName", "bootstrapSpec"),
            InfrastructureHash = TemplateHash.Of(root, "clusterName", "infrastructureSpec"),
        };
    }

    // Most machines have none of these; whatever else people write there is not kept.
    private static bool IsRead(string annotation) =>
        annotation is WellKnown.ReclaimReasonAnnotation or WellKnown.ReclaimRequestedAtAnnotation or WellKnown.ReclaimsAnnotation
            or WellKnown.RemediationsAnnotation or WellKnown.RemediatedMachineAnnotation
            or WellKnown.PausedAnnotation or WellKnown.DeleteForMoveAnnotation;

    private static ObjectTemplate Abridged(ObjectTemplate template) => template is null ? null! : template with { Metadata = null, Spec = Nothing };

    // One instance of a text that is usually there already: there may be a hundred thousand machines.
    [return: NotNullIfNotNull(nameof(text))]
    private static string? Same(string? text, string? known) => text == known ? known : text;

    // Equal templates mean nothing by themselves: there may be a pool behind them.
    private static string? ComputerOf(ScheduledMachineSpec spec) =>
        !string.IsNullOrEmpty(spec.Computer) ? spec.Computer
        : spec.InfrastructureSpec is { Spec.ValueKind: JsonValueKind.Object } infrastructure
            ? (infrastructure.Kind == RemoteMachine ? TextOf(infrastructure.Spec, "address") : null) ?? TextOf(infrastructure.Spec, "providerID")
            : null;

    private static string? TextOf(JsonElement json, string property) =>
        json.TryGetProperty(property, out var value) && value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    // Our own report, perhaps of another version: what can't be read of it is written anew.
    private static ScheduledMachineStatus ReadStatus(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8Json)
    {
        var text = Value(ref reader, utf8Json);
        try
        {
            return JsonSerializer.Deserialize(
                text, ApiJsonContext.Default.ScheduledMachineStatus) ?? new();
        }
        catch (JsonException)
        {
            return new ScheduledMachineStatus();
        }
    }

    private static string FirstSentence(string text)
    {
        var end = text.IndexOf(" Path:", StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }
}
