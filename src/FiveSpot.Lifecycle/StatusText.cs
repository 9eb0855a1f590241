// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using TypedReference = FiveSpot.Api.TypedReference;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Cleans all text of a status, whoever wrote it: what is told of a machine is made of it (events and log lines as well), and
/// <c>kubectl</c> shows it as it is. Names and the like that keep their rules are as they were.
/// </summary>
public static class StatusText
{
    private const int LongestMessage = 4096;
    private const int LongestName = 1024;

    /// <summary>The same status, clean; cleaned twice it is the same.</summary>
    public static ScheduledMachineStatus Clean(ScheduledMachineStatus status) => status with
    {
        Phase = Name(status.Phase),
        Message = Message(status.Message),
        Conditions = [.. status.Conditions.Select(Clean)],
        MachineRef = Clean(status.MachineRef),
        BootstrapRef = Clean(status.BootstrapRef),
        InfrastructureRef = Clean(status.InfrastructureRef),
        NodeRef = status.NodeRef is not { } node ? null
            : node with { ApiVersion = Name(node.ApiVersion), Kind = Name(node.Kind), Name = Name(node.Name), Uid = Name(node.Uid) },
        ProviderID = Name(status.ProviderID),
        AppliedNodeTaints = status.AppliedNodeTaints is not { } taints ? null
            : [.. taints.Select(taint => taint with { Key = Name(taint.Key), Value = Name(taint.Value), Effect = Name(taint.Effect) })],
        Schedule = Message(status.Schedule),
        AcceptedTemplates = Name(status.AcceptedTemplates),
    };

    private static Condition Clean(Condition condition) => condition with
    {
        Type = Name(condition.Type),
        Status = Name(condition.Status),
        Reason = Name(condition.Reason),
        Message = Message(condition.Message),
    };

    private static TypedReference? Clean(TypedReference? reference) => reference is null ? null : reference with
    {
        ApiVersion = Name(reference.ApiVersion),
        Kind = Name(reference.Kind),
        Name = Name(reference.Name),
        Namespace = Name(reference.Namespace),
    };

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    private static string? Name(string? text) => text is null ? null : ForeignText.Line(text, LongestName);

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    private static string? Message(string? text) => text is null ? null : ForeignText.Line(text, LongestMessage);
}
