// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Rules;

/// <summary>The expressions of the CRD's rules, in the CEL that Kubernetes has had since 1.25.</summary>
internal static class Cel
{
    /// <summary>
    /// Root. Only a creation comes without a status (the API server drops one that is sent), so an object that was
    /// stored before the rule can still be reported on, and let go.
    /// </summary>
    public const string NameLength = "self.metadata.name.size() <= 63 || has(self.status)";

    /// <summary>Root; for updates only, since it names <c>oldSelf</c>.</summary>
    public const string ClusterNameImmutable =
        "!has(self.status) || !has(self.status.machineRef) || self.spec.clusterName == oldSelf.spec.clusterName";

    /// <summary>On <c>clusterName</c>.</summary>
    public const string ClusterName = Matches + Patterns.ClusterName + End;

    /// <summary>On <c>schedule</c>.</summary>
    public const string ScheduleNotEmpty =
        "(has(self.daysOfWeek) && self.daysOfWeek.size() > 0) || (has(self.hoursOfDay) && self.hoursOfDay.size() > 0)";

    /// <summary>On an entry.</summary>
    public const string Days = Matches + Patterns.Days + End;

    /// <summary>On an entry.</summary>
    public const string Hours = Matches + Patterns.Hours + End;

    /// <summary>On <c>timezone</c>.</summary>
    public const string Timezone = Matches + Patterns.Timezone + End;

    /// <summary>On <c>apiVersion</c>.</summary>
    public const string BootstrapApiVersion = Matches + Patterns.BootstrapApiVersion + End;

    /// <summary>On <c>apiVersion</c>.</summary>
    public const string InfrastructureApiVersion = Matches + Patterns.InfrastructureApiVersion + End;

    /// <summary>On <c>kind</c>.</summary>
    public const string Kind = Matches + Patterns.Kind + End;

    /// <summary>On labels or annotations.</summary>
    public const string NoReservedKey = "self.all(k, !k.matches('" + Patterns.ReservedKey + "'))";

    /// <summary>On labels.</summary>
    public const string LabelKeys =
        "self.all(k, k.matches('" + Patterns.LabelKey + "') && k.matches('" + Patterns.KeyLengths + "'))";

    /// <summary>On annotations.</summary>
    public const string AnnotationKeys =
        "self.all(k, k.matches('" + Patterns.AnnotationKey + "') && k.matches('" + Patterns.KeyLengths + "'))";

    /// <summary>On a label's or a taint's value.</summary>
    public const string LabelValue = Matches + Patterns.LabelValue + End;

    /// <summary>On a timeout.</summary>
    public const string Duration = Matches + Patterns.Duration + End;

    /// <summary>On the name of a Secret.</summary>
    public const string SecretName = Matches + Patterns.Subdomain + End;

    /// <summary>On a key in a Secret.</summary>
    public const string SecretKey = Matches + Patterns.SecretKey + End;

    /// <summary>On an entry of <c>killIfCommands</c>.</summary>
    public const string CommandLineText = "!self.matches('" + Patterns.NoCommandLineText + "')";

    /// <summary>On a taint's key.</summary>
    public const string TaintKey =
        "self.matches('" + Patterns.LabelKey + "') && self.matches('" + Patterns.KeyLengths + "')";

    /// <summary>On a taint's key.</summary>
    public const string NoReservedTaintKey = "!self.matches('" + Patterns.ReservedTaintKey + "')";

    /// <summary>On the list of taints.</summary>
    public const string TaintsUnique =
        "self.all(a, self.exists_one(b, a.key == b.key && a.effect == b.effect))";

    private const string Matches = "self.matches('";

    private const string End = "')";
}
