// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>For each CEL rule on a field: values that keep it, and values that break it, as JSON.</summary>
internal static class RuleValues
{
    // By the text that its path ends with, and by which of the field's rules it is.
    private static readonly List<(string Path, int Index, string[] Accepted, string[] Refused)> Values =
    [
        ("spec.clusterName", 0, ["\"a\"", "\"A1.b_c-9\""], ["\"-a\"", "\"trading-\"", "\"a.\"", "\"a b\"", "\"\"", "\"a\\n\"", "\"ä\""]),
        ("schedule.daysOfWeek[]", 0, ["\"mon\"", "\"Fri-MON , sun\""], ["\"monday\"", "\"mon-\"", "\"mon,,tue\"", "\"\"", "\"mon\\n\""]),
        ("schedule.hoursOfDay[]", 0, ["\"0\"", "\"22-6, 09\""], ["\"24\"", "\"-1\"", "\"9:00-17:00\"", "\"\""]),
        ("schedule.timezone", 0, ["\"UTC\"", "\"America/Argentina/Buenos_Aires\"", "\"Etc/GMT+5\""], ["\"../UTC\"", "\"+01:00\"", "\"Europe/\"", "\"\""]),
        ("spec.schedule", 0,
            ["""{"daysOfWeek":["mon"]}""", """{"daysOfWeek":[],"hoursOfDay":["9"]}"""],
            ["{}", """{"daysOfWeek":[],"hoursOfDay":[]}""", """{"timezone":"UTC","hoursOfDay":[]}"""]),
        ("bootstrapSpec.apiVersion", 0,
            ["\"bootstrap.cluster.x-k8s.io/v1beta1\"", "\"k0smotron.io/v1\""],
            ["\"v1\"", "\"apps/v1\"", "\"infrastructure.cluster.x-k8s.io/v1beta1\"", "\"a.bootstrap.cluster.x-k8s.io/v1\"", "\"bootstrapXcluster.x-k8s.io/v1\"", "\"k0smotron.io/\"", "\"\""]),
        ("infrastructureSpec.apiVersion", 0,
            ["\"infrastructure.cluster.x-k8s.io/v1beta1\"", "\"k0smotron.io/v1\""],
            ["\"v1\"", "\"apps/v1\"", "\"bootstrap.cluster.x-k8s.io/v1beta1\"", "\"infrastructure.cluster.x-k8s.io\"", "\"k0smotron.io/V1\"", "\"\""]),
        ("Spec.kind", 0, Kinds.Accepted, Kinds.Refused),
        ("labels", 0, ReservedKeys.Accepted, ReservedKeys.Refused),
        ("labels", 1,
            [Map("a"), Map("A_b.c-9"), Map($"example.com/{N('n', 63)}"), Map($"{N('p', 253)}/n")],
            [Map("-a"), Map("Example.com/a"), Map("example.com/"), Map("a/b/c"), Map(N('n', 64)), Map($"{N('p', 254)}/n"), Map("")]),
        ("labels{}", 0, ["\"\"", "\"A-b_c.9\""], ["\"-a\"", "\"a b\"", "\"a\\n\""]),
        ("annotations", 0, ReservedKeys.Accepted, ReservedKeys.Refused),
        ("annotations", 1,
            [Map("a", "Whatever, ä\\n"), Map("Example.com/A_b.c-9"), Map($"{N('p', 253)}/{N('n', 63)}")],
            [Map("-a"), Map("example.com/"), Map("a/b/c"), Map(N('n', 64)), Map($"{N('p', 254)}/n")]),
        ("kubeconfigSecretRef.name", 0, ["\"a\"", "\"a-1.b\""], ["\"A\"", "\"a_b\"", "\".a\"", "\"\""]),
        ("kubeconfigSecretRef.key", 0, ["\"value\"", "\"Kube_config-1.yaml\""], ["\"a/b\"", "\"a b\"", "\"\""]),
        ("gracefulShutdownTimeout", 0, Durations.Accepted, Durations.Refused),
        ("nodeDrainTimeout", 0, Durations.Accepted, Durations.Refused),
        ("killIfCommands[]", 0, ["\"java\"", "\"argv:-jar idea.jar\"", "\"argv\""], ["\"argv:\"", "\"argv:  \""]),
        ("nodeTaints[].key", 0, ["\"a\"", "\"example.com/A_b.c\""], ["\"\"", "\"-a\"", "\"Example.com/a\"", "\"a/b/c\"", $"\"{N('n', 64)}\""]),
        ("nodeTaints[].key", 1,
            ["\"topology.kubernetes.io/a\"", "\"x5spot.finos.org/a\"", "\"kubernetes.io.example.com/a\""],
            ["\"5spot.finos.org/a\"", "\"kubernetes.io/a\"", "\"node.kubernetes.io/a\"", "\"node-role.kubernetes.io/a\""]),
        ("nodeTaints[].value", 0, ["\"\"", "\"A-b_c.9\""], ["\"-a\"", "\"a b\""]),
        ("spec.nodeTaints", 0,
            ["[]", """[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoExecute"},{"key":"b","effect":"NoSchedule"}]"""],
            ["""[{"key":"a","effect":"NoSchedule"},{"key":"b","effect":"NoSchedule"},{"key":"a","value":"v","effect":"NoSchedule"}]"""]),
    ];

    public static (string[] Accepted, string[] Refused) Of(Constraint rule)
    {
        var found = Values.Where(value => value.Index == rule.Index && rule.Path.EndsWith(value.Path, StringComparison.Ordinal)).ToList();
        return found is [var only] ? (only.Accepted, only.Refused) : throw new NotSupportedException($"{rule}: how is it kept, and how broken?");
    }

    private static string Map(string key, string value = "") => $"{{\"{key}\":\"{value}\"}}";

    private static string N(char c, int count) => new(c, count);

    private static class ReservedKeys
    {
        public static readonly string[] Accepted =
            [Map("topology.kubernetes.io/zone"), Map("node-role.kubernetes.io/worker"), Map("xcluster.x-k8s.io/a"), Map("kubernetes.io"), "{}"];

        public static readonly string[] Refused =
        [
            Map("cluster.x-k8s.io/a"), Map("node.cluster.x-k8s.io/a"), Map("5spot.finos.org/a"), Map("a.b.5spot.finos.org/a"),
            Map("kubernetes.io/a"), Map("k8s.io/a"),
        ];
    }

    /// <summary>What may be a kind, and what may not.</summary>
    internal static class Kinds
    {
        public static readonly string[] Accepted = ["\"RemoteMachine\"", "\"K\"", "\"k0s-Worker2\""];

        public static readonly string[] Refused =
            ["\"\"", "\"-K\"", "\"K-\"", "\"9K\"", "\"K \"", "\"K\\n\"", "\"\\u001b[2JK\"", "\"K\\u202e\"", "\"K\\u200bK\"", "\"Kä\""];
    }

    private static class Durations
    {
        public static readonly string[] Accepted = ["\"0s\"", "\"86400s\"", "\"1440m\"", "\"24h\"", "\"007m\""];

        public static readonly string[] Refused = ["\"86401s\"", "\"1441m\"", "\"25h\"", "\"5 m\"", "\"1.5h\"", "\"-1s\"", "\"5\"", "\"\"", "\"1d\""];
    }
}
