// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Rules;

/// <summary>
/// The regular expressions of the CRD's rules. They hold no backslash and no quote, so that they are the same text in
/// CEL, JSON and here, and nothing on which RE2 and .NET differ, but that <c>$</c> is the very end. What
/// <see cref="ScheduledMachineRules"/> does by hand agrees with them; a test compares the two.
/// </summary>
internal static class Patterns
{
    /// <summary><c>clusterName</c>: it becomes a label's value, so what a label can't have at its end it can't either.</summary>
    public const string ClusterName = "^" + NamePart + "$";

    /// <summary>A DNS subdomain (RFC 1123), but for its length.</summary>
    public const string Subdomain = "^" + SubdomainPart + "$";

    /// <summary>A label's or a taint's key, but for the length of its prefix.</summary>
    public const string LabelKey = "^(" + SubdomainPart + "/)?" + NamePart + "$";

    /// <summary>An annotation's key: as a label's, though Kubernetes takes capitals in the prefix.</summary>
    public const string AnnotationKey = "^(" + AnyCaseSubdomainPart + "/)?" + NamePart + "$";

    /// <summary>The lengths of a key's two parts.</summary>
    public const string KeyLengths = "^([^/]{1,253}/)?[^/]{1,63}$";

    /// <summary>A label's or a taint's value.</summary>
    public const string LabelValue = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";

    /// <summary>A key of a template that is not the user's to set.</summary>
    public const string ReservedKey =
        "^([^/]*[.])?(cluster[.]x-k8s[.]io|5spot[.]finos[.]org)/|^(kubernetes[.]io|k8s[.]io)/";

    /// <summary>A key of a taint that is not the user's to set.</summary>
    public const string ReservedTaintKey =
        "^(5spot[.]finos[.]org|kubernetes[.]io|node[.]kubernetes[.]io|node-role[.]kubernetes[.]io)/";

    /// <summary><c>bootstrapSpec.apiVersion</c>.</summary>
    public const string BootstrapApiVersion = "^(bootstrap[.]cluster[.]x-k8s[.]io|k0smotron[.]io)/" + ApiVersionPart + "$";

    /// <summary><c>infrastructureSpec.apiVersion</c>.</summary>
    public const string InfrastructureApiVersion =
        "^(infrastructure[.]cluster[.]x-k8s[.]io|k0smotron[.]io)/" + ApiVersionPart + "$";

    /// <summary><c>kind</c>, as Kubernetes has it for definitions, but for its length.</summary>
    public const string Kind = "^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$";

    /// <summary>A key in a Secret's data.</summary>
    public const string SecretKey = "^[-._A-Za-z0-9]+$";

    /// <summary>An entry of <c>killIfCommands</c> that asks for a text in command lines, and has none.</summary>
    public const string NoCommandLineText = "^" + ScheduledMachineSpec.CommandLinePrefix + " *$";

    /// <summary>An entry of <c>daysOfWeek</c>.</summary>
    public const string Days = "(?i)^ *" + Day + "( *- *" + Day + ")?( *, *" + Day + "( *- *" + Day + ")?)* *$";

    /// <summary>An entry of <c>hoursOfDay</c>.</summary>
    public const string Hours = "^ *" + Hour + "( *- *" + Hour + ")?( *, *" + Hour + "( *- *" + Hour + ")?)* *$";

    /// <summary>What could be the name of a time zone; whether it is one only the controller can say.</summary>
    public const string Timezone = "^ *[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)* *$";

    /// <summary>A number with <c>s</c>, <c>m</c> or <c>h</c> that is at most 24 hours.</summary>
    public const string Duration =
        "^0*([0-9]{1,4}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)s$"
        + "|^0*([0-9]{1,3}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)m$"
        + "|^0*([0-9]|1[0-9]|2[0-4])h$";

    private const string SubdomainPart = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

    private const string AnyCaseSubdomainPart =
        "[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?([.][A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*";

    private const string NamePart = "[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?";

    private const string ApiVersionPart = "[a-z]([-a-z0-9]*[a-z0-9])?";

    private const string Day = "(mon|tue|wed|thu|fri|sat|sun)";

    private const string Hour = "(0?[0-9]|1[0-9]|2[0-3])";
}
