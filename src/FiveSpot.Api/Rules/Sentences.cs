// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Rules;

/// <summary>What a person reads who broke a rule: what is wrong, and what is allowed.</summary>
internal static class Sentences
{
    public const string NameLength =
        "the name of a ScheduledMachine has at most 63 characters, since it becomes a label's value: use a shorter one";

    public const string ClusterNameImmutable =
        "clusterName cannot change while a machine exists: set enabled to false, wait for phase Disabled, "
        + "then change it";

    public const string ClusterName =
        "not a cluster's name: use 1 to 63 letters, digits, '.', '_' or '-', the first and last a letter or a digit, since "
        + "it becomes a label's value";

    public const string ScheduleEmpty =
        "daysOfWeek and hoursOfDay are both empty: name at least one day or one hour "
        + "(one list left empty means all days, or all hours; for around the clock write mon-sun)";

    public const string Days =
        "not a list of days: use mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri or fri-mon; "
        + "several are separated by commas";

    public const string Hours =
        "not a list of hours: use 0 to 23, or a range such as 9-17 (from 9:00 up to, not including, 18:00) or 22-6; "
        + "several are separated by commas";

    public const string Timezone =
        "this cannot be a time zone: use an IANA name such as Europe/Zurich or America/New_York, or UTC";

    public const string BootstrapApiVersion =
        "not an API that a bootstrap config may come from: use one of group bootstrap.cluster.x-k8s.io or "
        + "k0smotron.io with its version, such as bootstrap.cluster.x-k8s.io/v1beta1; core kinds (v1) are refused";

    public const string InfrastructureApiVersion =
        "not an API that an infrastructure machine may come from: use one of group infrastructure.cluster.x-k8s.io or "
        + "k0smotron.io with its version, such as infrastructure.cluster.x-k8s.io/v1beta1; core kinds (v1) are refused";

    public const string Kind =
        "not a kind: use 1 to 63 letters, digits or '-', the first a letter and the last a letter or a digit, such as RemoteMachine";

    public const string ReservedKey =
        "a key has a reserved prefix (cluster.x-k8s.io, 5spot.finos.org or a subdomain of these, kubernetes.io, "
        + "k8s.io): use another prefix, such as your organization's domain, or none";

    public const string LabelKey =
        "a key is not a label's: use up to 63 letters, digits, '-', '_' or '.', the first and last a letter or a digit, "
        + "with an optional prefix that is a DNS subdomain in lower case and a slash, such as example.com/rack";

    public const string AnnotationKey =
        "a key is not an annotation's: use up to 63 letters, digits, '-', '_' or '.', the first and last a letter or a "
        + "digit, with an optional prefix that is a DNS subdomain and a slash, such as example.com/owner";

    public const string LabelValue =
        "not a label's value: use up to 63 letters, digits, '-', '_' or '.', the first and last a letter or a digit, "
        + "or nothing (\"\")";

    public const string Duration =
        "not a duration of at most 24 hours: use a whole number with s, m or h, such as 30s, 5m or 24h";

    public const string SecretName =
        "not the name of a Secret: use lower-case letters, digits, '-' or '.', the first and last a letter or a digit";

    public const string SecretKey = "not a key of a Secret: use letters, digits, '-', '_' or '.', such as value";

    public const string TaintKey =
        "not a taint's key: use up to 63 letters, digits, '-', '_' or '.', the first and last a letter or a digit, with "
        + "an optional prefix that is a DNS subdomain in lower case and a slash; at most 253 characters in all";

    public const string ReservedTaintKey =
        "taint keys with the prefix 5spot.finos.org, kubernetes.io, node.kubernetes.io or node-role.kubernetes.io are "
        + "reserved: use another prefix, such as your organization's domain, or none";

    public const string TaintValue =
        "not a taint's value: use up to 63 letters, digits, '-', '_' or '.', the first and last a letter or a digit, "
        + "or nothing";

    public const string TaintsUnique =
        "two taints have the same key and effect: each pair of key and effect may appear once";

    // What the schema's bounds say on the server, in its own words.
    public const string Computer = "not a computer: use 1 to 253 characters, such as its address, or leave the field out";
    public const string Required = "this is required: give it a value";
    public const string Priority = "out of range: use a whole number from 0 to 255";
    public const string TaintEffect = "not an effect: use NoSchedule, PreferNoSchedule or NoExecute";
    public const string MachineField = "not usable: use 1 to 256 characters, or leave the field out";
    public const string Commands = "too many commands: at most 100 are allowed";
    public const string Command = "not a command: use 1 to 256 characters, such as java";
    public const string CommandLineText =
        "argv: stands before the text to look for in command lines, and here nothing follows it: write it after the colon, "
        + "such as argv:-jar idea.jar";

    public const string Taints = "too many taints: at most 64 are allowed";
    public const string MapEntries = "too many entries: at most 64 are allowed";
    public const string AnnotationBytes = "too large: all annotations together may have at most 256 KiB";
    public const string AnnotationValue = "not an annotation's value: use a string, which may be empty (\"\")";
    public const string ScheduleEntries = "too many entries: at most 64 are allowed";
    public const string Object = "not an object: give the provider's own fields, or {}";
    public const string Truncated = "more rules are broken: correct those named first";
}
