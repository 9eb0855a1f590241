// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle;
using TypedReference = FiveSpot.Api.TypedReference;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>Phases, events, conditions and their reasons; whether an event is a Warning says the code that makes it.</summary>
internal static class EventsReference
{
    // One report after another, by which each event comes about.
    private static readonly (ScheduledMachineStatus Before, ScheduledMachineStatus After)[] Reports =
    [
        .. new[] { EventReasons.ScheduleActive, EventReasons.ScheduleInactive, EventReasons.ScheduleDisabled, EventReasons.KillSwitchActivated, EventReasons.EmergencyReclaimDisabledSchedule }
            .Select(static reason => (Status(), Status(conditions: Condition(ConditionTypes.Scheduled, reason)))),
        .. new[] { EventReasons.NodeDraining, EventReasons.NodeDrained, EventReasons.NodeDrainFailed, EventReasons.RapidReReclaim, EventReasons.FinalizerCleanupTimedOut, EventReasons.MachineRemediated }
            .Select(static reason => (Status(), Status(conditions: Condition(ConditionTypes.Ready, reason)))),
        .. new[] { EventReasons.NameConflict, EventReasons.ReferencesInvalid }
            .Select(static reason => (Status(), Status(conditions: Condition(ConditionTypes.ReferencesValid, reason)))),
        (Status(), Status(MachinePhase.EmergencyRemove)),
        (Status(), Status(hasMachine: true)),
        (Status(hasMachine: true), Status()),
        (Status(), Status(conditions: Condition(ConditionTypes.MachineReady, ConditionReasons.MachineReady, ConditionStatus.True))),
        (Status(), Status(MachinePhase.ShuttingDown, conditions: Condition(ConditionTypes.Ready, MachinePhase.ShuttingDown)) with { NextCleanup = DateTimeOffset.UnixEpoch }),
        (Status(MachinePhase.ShuttingDown, hasMachine: true), Status(hasMachine: true)),
    ];

    public static string Render()
    {
        var warnings = Reports.SelectMany(static reports => Transitions.Between(reports.Before, reports.After))
            .GroupBy(static told => told.Reason)
            .ToDictionary(static group => group.Key, static group => group.Select(static told => told.IsWarning).Distinct().ShouldHaveSingleItem(group.Key));
        var events = XmlDocs.Constants(typeof(EventReasons)).ToList();
        warnings.Keys.ShouldBe(events.Select(static told => told.Value), ignoreOrder: true, "each event is made here, and each that is made is one");
        return new Markdown("Phases, events and conditions", "[FiveSpot.Api](../../src/FiveSpot.Api)")
            .Heading(2, "Phases")
            .Table(["phase", "what"], Rows(typeof(MachinePhase)))
            .Heading(2, "Events")
            .Paragraph("On the ScheduledMachine, when something changes, and not again while nothing does. `Warning` where a person should look.")
            .Table(["reason", "type", "what"], events.Select(told => (string[])
            [
                $"`{told.Value}`", warnings[told.Value] ? "Warning" : "Normal", Sentence(told.Summary, warnings[told.Value]),
            ]))
            .Heading(2, "Conditions")
            .Table(["type", "True means"], Rows(typeof(ConditionTypes)))
            .Heading(2, "Reasons of conditions")
            .Paragraph("Besides these, the reason of `Scheduled` is that of the event that told of it, or `Deleted`. The reason of `Ready` is the phase, or that of the event that says more.")
            .Table(["reason", "what"], Rows(typeof(ConditionReasons)))
            .ToString();
    }

    private static IEnumerable<string[]> Rows(Type type) => XmlDocs.Constants(type).Select(static constant => (string[])[$"`{constant.Value}`", constant.Summary]);

    // The doc comments say it too, for who reads the code.
    private static string Sentence(string summary, bool isWarning)
    {
        const string Mark = " Warning.";
        summary.EndsWith(Mark, StringComparison.Ordinal).ShouldBe(isWarning, summary);
        return isWarning ? summary[..^Mark.Length] : summary;
    }

    private static ScheduledMachineStatus Status(string phase = MachinePhase.Active, bool hasMachine = false, params Condition[] conditions) => new()
    {
        Phase = phase,
        MachineRef = hasMachine ? new TypedReference { ApiVersion = "cluster.x-k8s.io/v1beta2", Kind = "Machine", Name = "business-hours", Namespace = "default" } : null,
        Conditions = conditions,
    };

    private static Condition Condition(string type, string reason, string status = ConditionStatus.False) =>
        new() { Type = type, Status = status, Reason = reason, Message = "", LastTransitionTime = DateTimeOffset.UnixEpoch };
}
