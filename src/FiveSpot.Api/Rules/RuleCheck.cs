// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;

namespace FiveSpot.Api.Rules;

/// <summary>One run of <see cref="ScheduledMachineRules.Check"/>. Takes no type's word that a value is not null.</summary>
internal sealed class RuleCheck
{
    private const int ShownLength = 64;

    private readonly List<RuleViolation> _violations = [];

    /// <summary>Checks all rules.</summary>
    public IReadOnlyList<RuleViolation> Run(string? name, ScheduledMachineSpec? spec)
    {
        Require("metadata.name", name, name is { Length: > 0 and <= Limits.LabelValue }, Sentences.NameLength);
        if (spec is null)
        {
            Add("spec", Sentences.Required);
            return _violations;
        }

        Require(
            "spec.clusterName",
            spec.ClusterName,
            spec.ClusterName is { Length: > 0 } cluster && KubernetesNames.IsLabelValue(cluster),
            Sentences.ClusterName);
        CheckSchedule(spec.Schedule);
        CheckTemplate(
            "spec.bootstrapSpec", spec.BootstrapSpec, "bootstrap.cluster.x-k8s.io", Sentences.BootstrapApiVersion);
        CheckTemplate(
            "spec.infrastructureSpec",
            spec.InfrastructureSpec,
            "infrastructure.cluster.x-k8s.io",
            Sentences.InfrastructureApiVersion);
        CheckMachineTemplate(spec.MachineTemplate);
        CheckSecretRef(spec.KubeconfigSecretRef);
        Require("spec.computer", spec.Computer, spec.Computer is null || LengthOf(spec.Computer) is > 0 and <= Limits.Computer, Sentences.Computer);
        if (spec.Priority is < 0 or > Limits.Priority)
        {
            Add("spec.priority", Sentences.Priority, $"{spec.Priority}");
        }

        CheckDuration("spec.gracefulShutdownTimeout", spec.GracefulShutdownTimeout);
        CheckDuration("spec.nodeDrainTimeout", spec.NodeDrainTimeout);
        CheckCommands(spec.KillIfCommands);
        CheckTaints(spec.NodeTaints);
        return _violations;
    }

    private void CheckSchedule(ScheduleSpec? schedule)
    {
        if (schedule is null)
        {
            Add("spec.schedule", Sentences.Required);
            return;
        }

        if (schedule.DaysOfWeek.Count == 0 && schedule.HoursOfDay.Count == 0)
        {
            Add("spec.schedule", Sentences.ScheduleEmpty);
        }

        CheckEntries("spec.schedule.daysOfWeek", schedule.DaysOfWeek, Sentences.Days);
        CheckEntries("spec.schedule.hoursOfDay", schedule.HoursOfDay, Sentences.Hours);
        Require(
            "spec.schedule.timezone",
            schedule.Timezone,
            schedule.Timezone.Length is > 0 and <= Limits.Timezone,
            Sentences.Timezone);
    }

    private void CheckEntries(string field, IReadOnlyList<string?> entries, string sentence)
    {
        if (entries.Count > Limits.ScheduleEntries)
        {
            Add(field, Sentences.ScheduleEntries);
            return;
        }

        for (var index = 0; index < entries.Count; index++)
        {
            Require($"{field}[{index}]", entries[index], entries[index]?.Length is > 0 and <= Limits.ScheduleEntry, sentence);
        }
    }

    private void CheckTemplate(string field, ObjectTemplate? template, string group, string sentence)
    {
        if (template is null)
        {
            Add(field, Sentences.Required);
            return;
        }

        Require(
            $"{field}.apiVersion",
            template.ApiVersion,
            template.ApiVersion is { Length: <= Limits.ApiVersion } version
                && KubernetesNames.IsApiVersionOf(version, group),
            sentence);
        Require(
            $"{field}.kind", template.Kind, template.Kind is { Length: <= Limits.Kind } kind && KubernetesNames.IsKind(kind), Sentences.Kind);
        CheckLabels($"{field}.metadata.labels", template.Metadata?.Labels);
        CheckAnnotations($"{field}.metadata.annotations", template.Metadata?.Annotations);
        if (template.Spec.ValueKind != JsonValueKind.Object)
        {
            Add($"{field}.spec", Sentences.Object);
        }
    }

    private void CheckMachineTemplate(MachineTemplate? template)
    {
        if (template is null)
        {
            return;
        }

        CheckLabels("spec.machineTemplate.labels", template.Labels);
        CheckAnnotations("spec.machineTemplate.annotations", template.Annotations);
        CheckMachineField("spec.machineTemplate.version", template.Version);
        CheckMachineField("spec.machineTemplate.failureDomain", template.FailureDomain);
    }

    private void CheckMachineField(string field, string? value) =>
        Require(field, value, value is null or { Length: > 0 and <= Limits.MachineField }, Sentences.MachineField);

    private void CheckLabels(string field, IReadOnlyDictionary<string, string>? labels)
    {
        foreach (var (key, value) in Entries(field, labels))
        {
            CheckKey(field, key, anyCase: false, Sentences.LabelKey);
            Require(
                $"{field}[{Shown(key)}]", value, value is not null && KubernetesNames.IsLabelValue(value),
                Sentences.LabelValue);
        }
    }

    private void CheckAnnotations(string field, IReadOnlyDictionary<string, string>? annotations)
    {
        var bytes = 0L;
        foreach (var (key, value) in Entries(field, annotations))
        {
            CheckKey(field, key, anyCase: true, Sentences.AnnotationKey);
            if (value is null)
            {
                Add($"{field}[{Shown(key)}]", Sentences.AnnotationValue);
            }

            // UTF-8 has no fewer bytes than UTF-16 has units: what is too long already need not be counted.
            bytes += key.Length + (value is { Length: <= Limits.AnnotationBytes }
                ? Encoding.UTF8.GetByteCount(value)
                : value?.Length ?? 0);
        }

        if (bytes > Limits.AnnotationBytes)
        {
            Add(field, Sentences.AnnotationBytes);
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Entries(string field, IReadOnlyDictionary<string, string>? map)
    {
        if (map?.Count > Limits.MapEntries)
        {
            Add(field, Sentences.MapEntries);
            return [];
        }

        return map ?? Enumerable.Empty<KeyValuePair<string, string>>();
    }

    private void CheckKey(string field, string key, bool anyCase, string sentence)
    {
        if (key.Length <= Limits.Key && KubernetesNames.IsReservedKey(key))
        {
            Add(field, Sentences.ReservedKey, key);
        }
        else
        {
            Require(
                field, key, key.Length <= Limits.Key && KubernetesNames.IsQualifiedName(key, anyCase), sentence);
        }
    }

    private void CheckSecretRef(SecretKeyReference? secret)
    {
        if (secret is null)
        {
            return;
        }

        Require(
            "spec.kubeconfigSecretRef.name",
            secret.Name,
            secret.Name is not null && KubernetesNames.IsSubdomain(secret.Name),
            Sentences.SecretName);
        Require(
            "spec.kubeconfigSecretRef.key",
            secret.Key,
            secret.Key is { Length: > 0 and <= Limits.Subdomain } && secret.Key.All(IsNameCharacter),
            Sentences.SecretKey);
    }

    private void CheckDuration(string field, string? value) =>
        Require(field, value, MachineTimeout.TryParse(value, out _), Sentences.Duration);

    private void CheckCommands(IReadOnlyList<string?> commands)
    {
        if (commands.Count > Limits.Commands)
        {
            Add("spec.killIfCommands", Sentences.Commands);
            return;
        }

        for (var index = 0; index < commands.Count; index++)
        {
            var command = commands[index];
            Require(
                $"spec.killIfCommands[{index}]",
                command,
                command is { Length: > 0 } && LengthOf(command) <= Limits.Command,
                Sentences.Command);
            if (command is not null && LacksCommandLineText(command))
            {
                Add($"spec.killIfCommands[{index}]", Sentences.CommandLineText, command);
            }
        }
    }

    // Spaces alone are in nearly every command line: they would give the machine back as soon as it has joined.
    private static bool LacksCommandLineText(ReadOnlySpan<char> command) =>
        command.StartsWith(ScheduledMachineSpec.CommandLinePrefix) && command[ScheduledMachineSpec.CommandLinePrefix.Length..].Trim(' ').IsEmpty;

    private void CheckTaints(IReadOnlyList<NodeTaint?> taints)
    {
        if (taints.Count > Limits.Taints)
        {
            Add("spec.nodeTaints", Sentences.Taints);
            return;
        }

        var seen = new HashSet<(string?, string?)>();
        for (var index = 0; index < taints.Count; index++)
        {
            var field = $"spec.nodeTaints[{index}]";
            if (taints[index] is not { } taint)
            {
                Add(field, Sentences.Required);
                continue;
            }

            if (CheckTaint(field, taint) && !seen.Add((taint.Key, taint.Effect)))
            {
                Add(field, Sentences.TaintsUnique, $"{taint.Key}:{taint.Effect}");
            }
        }
    }

    // Whether key and effect, which are what identifies a taint, have their form.
    private bool CheckTaint(string field, NodeTaint taint)
    {
        var isKey = taint.Key is { Length: <= Limits.Subdomain } && KubernetesNames.IsQualifiedName(taint.Key);
        Require($"{field}.key", taint.Key, isKey, Sentences.TaintKey);
        if (isKey && KubernetesNames.IsReservedTaintKey(taint.Key))
        {
            Add($"{field}.key", Sentences.ReservedTaintKey, taint.Key);
        }

        Require(
            $"{field}.value", taint.Value, KubernetesNames.IsLabelValue(taint.Value ?? ""), Sentences.TaintValue);
        var isEffect = taint.Effect is "NoSchedule" or "PreferNoSchedule" or "NoExecute";
        Require($"{field}.effect", taint.Effect, isEffect, Sentences.TaintEffect);
        return isKey && isEffect;
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    // In code points, as the API server counts; of a text that is too long in any case, not counted.
    private static int LengthOf(string text) =>
        text.Length <= 2 * Limits.Command ? text.EnumerateRunes().Count() : text.Length;

    private void Require(string field, string? value, bool isKept, string sentence)
    {
        if (!isKept)
        {
            Add(field, value is null ? Sentences.Required : sentence, value);
        }
    }

    private void Add(string field, string sentence, string? value = null)
    {
        if (_violations.Count < ScheduledMachineRules.MaxViolations - 1)
        {
            _violations.Add(new(field, sentence, value is null ? null : Shown(value)));
        }
        else if (_violations.Count < ScheduledMachineRules.MaxViolations)
        {
            _violations.Add(new("spec", Sentences.Truncated));
        }
    }

    // What is shown ends up in logs, events and terminals: nothing in it may act there.
    private static string Shown(string? text)
    {
        if (text is null)
        {
            return "";
        }

        var shown = text.Length <= ShownLength ? text : text[..ShownLength] + "…";
        return string.Concat(shown.Select(static c => IsHarmless(c) ? c : '\uFFFD'));
    }

    private static bool IsHarmless(char c) => char.IsAscii(c)
        ? !char.IsControl(c)
        : char.IsLetterOrDigit(c) || c is '…';
}
