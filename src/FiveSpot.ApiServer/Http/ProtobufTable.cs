// SPDX-License-Identifier: Apache-2.0

using System.Collections.Frozen;

namespace FiveSpot.ApiServer.Http;

/// <summary>
/// The protobuf messages that kubectl's typed commands send: <c>auth can-i</c> and <c>whoami</c>; <c>create</c> of a namespace,
/// configmap, secret, serviceaccount, deployment, role, binding or poddisruptionbudget; deletion by <c>drain</c>. Everything else is taken in JSON alone.
/// </summary>
/// <remarks>
/// Go writes a field that is no pointer even when it is unset. Those that the commands leave unset are listed by number alone:
/// they may come, but only as zero. Any other field is refused, so that nothing a client says is lost in silence.
/// </remarks>
internal static class ProtobufTable
{
    public enum FieldKind
    {
        /// <summary>Text; empty is the same as unset.</summary>
        Text,
        Number,
        Flag,
        Texts,
        TextMap,

        /// <summary>A map to bytes, which JSON has in base64.</summary>
        BytesMap,
        Message,
        Messages,

        /// <summary>A message of a kind and both values, of which JSON has the one that counts.</summary>
        IntOrString,
    }

    private static readonly Message ObjectMeta = new("ObjectMeta", Zeros(2, 4, 5, 6, 7, 8),
        Text(1, "name"), Text(3, "namespace"), TextMap(11, "labels"), TextMap(12, "annotations"));

    private static readonly Field Metadata = Nested(1, "metadata", ObjectMeta);

    private static readonly Message DeleteOptions = new("DeleteOptions", [],
        Number(1, "gracePeriodSeconds"),
        Nested(2, "preconditions", new("Preconditions", [], Text(1, "uid"), Text(2, "resourceVersion"))),
        Flag(3, "orphanDependents"),
        Text(4, "propagationPolicy"),
        Texts(5, "dryRun"));

    private static readonly Message LabelSelector = new("LabelSelector", [],
        TextMap(1, "matchLabels"),
        List(2, "matchExpressions", new("LabelSelectorRequirement", [], Text(1, "key"), Text(2, "operator"), Texts(3, "values"))));

    private static readonly Message ContainerPort = new("ContainerPort", Zeros(1, 2, 4, 5), Number(3, "containerPort"));

    private static readonly Message Container = new("Container", Zeros(5, 8, 13, 14, 16, 17, 18, 20),
        Text(1, "name"), Text(2, "image"), Texts(3, "command"), List(6, "ports", ContainerPort));

    private static readonly Message PodSpec = new("PodSpec", Zeros(3, 6, 8, 9, 10, 11, 12, 13, 16, 17, 19, 24), List(2, "containers", Container));

    private static readonly Message DeploymentSpec = new("DeploymentSpec", Zeros(4, 5, 7),
        Number(1, "replicas"),
        Nested(2, "selector", LabelSelector),
        Nested(3, "template", new("PodTemplateSpec", [], Metadata, Nested(2, "spec", PodSpec))));

    private static readonly Message PodDisruptionBudgetSpec = new("PodDisruptionBudgetSpec", [],
        IntOrString(1, "minAvailable"), Nested(2, "selector", LabelSelector), IntOrString(3, "maxUnavailable"), Text(4, "unhealthyPodEvictionPolicy"));

    private static readonly Field Rules = List(2, "rules", new("PolicyRule", [],
        Texts(1, "verbs"), Texts(2, "apiGroups"), Texts(3, "resources"), Texts(4, "resourceNames"), Texts(5, "nonResourceURLs")));

    private static readonly Field Subjects = List(2, "subjects", new("Subject", [],
        Text(1, "kind"), Text(2, "apiGroup"), Text(3, "name"), Text(4, "namespace")));

    private static readonly Field RoleRef = Nested(3, "roleRef", new("RoleRef", [], Text(1, "apiGroup"), Text(2, "kind"), Text(3, "name")));

    private static readonly Message SelfSubjectAccessReviewSpec = new("SelfSubjectAccessReviewSpec", [],
        Nested(1, "resourceAttributes", new("ResourceAttributes", [],
            Text(1, "namespace"), Text(2, "verb"), Text(3, "group"), Text(4, "version"), Text(5, "resource"), Text(6, "subresource"), Text(7, "name"))),
        Nested(2, "nonResourceAttributes", new("NonResourceAttributes", [], Text(1, "path"), Text(2, "verb"))));

    /// <summary>What may stand in an envelope, by kind. The zeros here are <c>spec</c> and <c>status</c>.</summary>
    public static FrozenDictionary<string, Message> Objects { get; } = new Message[]
    {
        new("Namespace", Zeros(2, 3), Metadata),
        new("ConfigMap", [], Metadata, TextMap(2, "data"), BytesMap(3, "binaryData")),
        new("Secret", [], Metadata, BytesMap(2, "data"), Text(3, "type")),
        new("ServiceAccount", [], Metadata),
        new("Deployment", Zeros(3), Metadata, Nested(2, "spec", DeploymentSpec)),
        new("PodDisruptionBudget", Zeros(3), Metadata, Nested(2, "spec", PodDisruptionBudgetSpec)),
        new("Role", [], Metadata, Rules),
        new("ClusterRole", [], Metadata, Rules, Nested(3, "aggregationRule", new("AggregationRule", [], List(1, "clusterRoleSelectors", LabelSelector)))),
        new("RoleBinding", [], Metadata, Subjects, RoleRef),
        new("ClusterRoleBinding", [], Metadata, Subjects, RoleRef),
        // kubectl 1.32 itself sends evictions in JSON; this is for other Go clients that drain.
        new("Eviction", [], Metadata, Nested(2, "deleteOptions", DeleteOptions)),
        DeleteOptions,
        new("SelfSubjectAccessReview", Zeros(3), Metadata, Nested(2, "spec", SelfSubjectAccessReviewSpec)),
        new("SelfSubjectRulesReview", Zeros(3), Metadata, Nested(2, "spec", new("SelfSubjectRulesReviewSpec", [], Text(1, "namespace")))),
        new("SelfSubjectReview", Zeros(2), Metadata),
    }.ToFrozenDictionary(message => message.Name, StringComparer.Ordinal);

    private static int[] Zeros(params int[] numbers) => numbers;

    private static Field Text(int number, string name) => new(number, name, FieldKind.Text);

    private static Field Number(int number, string name) => new(number, name, FieldKind.Number);

    private static Field Flag(int number, string name) => new(number, name, FieldKind.Flag);

    private static Field Texts(int number, string name) => new(number, name, FieldKind.Texts);

    private static Field TextMap(int number, string name) => new(number, name, FieldKind.TextMap);

    private static Field BytesMap(int number, string name) => new(number, name, FieldKind.BytesMap);

    private static Field IntOrString(int number, string name) => new(number, name, FieldKind.IntOrString);

    private static Field Nested(int number, string name, Message of) => new(number, name, FieldKind.Message, of);

    private static Field List(int number, string name, Message of) => new(number, name, FieldKind.Messages, of);

    /// <summary>A field: its number on the wire, its name in JSON.</summary>
    public sealed record Field(int Number, string Name, FieldKind Kind, Message? Of = null);

    /// <summary>A message: the fields that may have values, and the numbers of those that come as zero.</summary>
    public sealed class Message
    {
        private readonly int[] _zeros;
        private readonly Field[] _fields;

        public Message(string name, int[] zeros, params Field[] fields)
        {
            Name = name;
            _zeros = zeros;
            _fields = fields;
        }

        public string Name { get; }

        public bool IsZero(int number) => _zeros.Contains(number);

        /// <summary>Null when no such field is read.</summary>
        public Field? Find(int number) => Array.Find(_fields, field => field.Number == number);
    }
}
