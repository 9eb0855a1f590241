// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>The OpenAPI v3 schemas of the built-in kinds, made from the client library's model classes. They carry the
/// list types, merge keys and patch strategies that patches go by.</summary>
/// <remarks>Objects of built-in kinds are typed in kube-apiserver: their schemas prune and check types there by way of
/// decoding. A required field is named here only where the kind's own validation asks for it.</remarks>
public static class BuiltInSchemas
{
    private static readonly Dictionary<(string Group, string Version, string Kind), (Type Model, string Description)> Kinds = new()
    {
        [("", "v1", "Namespace")] = (typeof(V1Namespace), "Namespace provides a scope for Names."),
        [("", "v1", "Node")] = (typeof(V1Node), "Node is a worker node in Kubernetes."),
        [("", "v1", "Pod")] = (typeof(V1Pod), "Pod is a collection of containers that can run on a host."),
        [("", "v1", "Secret")] = (typeof(V1Secret), "Secret holds secret data of a certain type."),
        [("", "v1", "ConfigMap")] = (typeof(V1ConfigMap), "ConfigMap holds configuration data for pods to consume."),
        [("", "v1", "ResourceQuota")] = (typeof(V1ResourceQuota), "ResourceQuota limits what a namespace may use in all."),
        [("", "v1", "LimitRange")] = (typeof(V1LimitRange), "LimitRange limits what each object of a namespace may use."),
        [("", "v1", "Service")] = (typeof(V1Service), "Service is a named abstraction of software service."),
        [("", "v1", "ServiceAccount")] = (typeof(V1ServiceAccount), "ServiceAccount is an identity for processes."),
        [("", "v1", "PersistentVolume")] = (typeof(V1PersistentVolume), "PersistentVolume is a storage resource of the cluster."),
        [("", "v1", "PersistentVolumeClaim")] = (typeof(V1PersistentVolumeClaim), "PersistentVolumeClaim is a user's request for a persistent volume."),
        [("storage.k8s.io", "v1", "VolumeAttachment")] = (typeof(V1VolumeAttachment), "VolumeAttachment captures that a volume is to be attached to a node."),
        [("", "v1", "Event")] = (typeof(Corev1Event), "Event is a report of an event somewhere in the cluster."),
        [("events.k8s.io", "v1", "Event")] = (typeof(Eventsv1Event), "Event is a report of an event somewhere in the cluster."),
        [("apps", "v1", "Deployment")] = (typeof(V1Deployment), "Deployment enables declarative updates for Pods and ReplicaSets."),
        [("apps", "v1", "ReplicaSet")] = (typeof(V1ReplicaSet), "ReplicaSet ensures that a specified number of pod replicas are running."),
        [("apps", "v1", "DaemonSet")] = (typeof(V1DaemonSet), "DaemonSet represents the configuration of a daemon set."),
        [("policy", "v1", "PodDisruptionBudget")] = (typeof(V1PodDisruptionBudget), "PodDisruptionBudget limits disruptions of a collection of pods."),
        [("policy", "v1", "Eviction")] = (typeof(V1Eviction), "Eviction evicts a pod from its node subject to policies."),
        [("coordination.k8s.io", "v1", "Lease")] = (typeof(V1Lease), "Lease defines a lease concept."),
        [("rbac.authorization.k8s.io", "v1", "Role")] = (typeof(V1Role), "Role is a namespaced, logical grouping of PolicyRules."),
        [("rbac.authorization.k8s.io", "v1", "ClusterRole")] = (typeof(V1ClusterRole), "ClusterRole is a cluster level, logical grouping of PolicyRules."),
        [("rbac.authorization.k8s.io", "v1", "RoleBinding")] = (typeof(V1RoleBinding), "RoleBinding references a role, but does not contain it."),
        [("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding")] = (typeof(V1ClusterRoleBinding), "ClusterRoleBinding references a ClusterRole, but does not contain it."),
        [("apiextensions.k8s.io", "v1", "CustomResourceDefinition")] = (typeof(V1CustomResourceDefinition), "CustomResourceDefinition represents a resource that should be exposed on the API server."),
        [("authorization.k8s.io", "v1", "SelfSubjectAccessReview")] = (typeof(V1SelfSubjectAccessReview), "SelfSubjectAccessReview checks whether the current user can perform an action."),
        [("authorization.k8s.io", "v1", "SelfSubjectRulesReview")] = (typeof(V1SelfSubjectRulesReview), "SelfSubjectRulesReview enumerates the actions that the current user can perform within a namespace."),
        [("autoscaling", "v1", "Scale")] = (typeof(V1Scale), "Scale represents a scaling request for a resource."),
        [("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy")] = (typeof(V1ValidatingAdmissionPolicy), "ValidatingAdmissionPolicy describes an admission validation policy that accepts or rejects an object without changing it."),
        [("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration")] = (typeof(V1MutatingWebhookConfiguration), "MutatingWebhookConfiguration describes the configuration of an admission webhook that accept or reject and may change the object."),
        [("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration")] = (typeof(V1ValidatingWebhookConfiguration), "ValidatingWebhookConfiguration describes the configuration of an admission webhook that accept or reject an object without changing it."),
        [("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding")] = (typeof(V1ValidatingAdmissionPolicyBinding), "ValidatingAdmissionPolicyBinding binds a ValidatingAdmissionPolicy with parameterized resources."),
    };

    private static readonly ConcurrentDictionary<(string, string, string), JsonObject> Built = new();

    /// <summary>Every kind that there is a schema for.</summary>
    public static IReadOnlyCollection<(string Group, string Version, string Kind)> All => Kinds.Keys;

    /// <summary>The schema of a kind, for the caller to keep and change.</summary>
    /// <param name="group">The API group; empty for the core group.</param>
    /// <param name="version">The version: <c>v1</c>.</param>
    /// <param name="kind">The kind.</param>
    /// <exception cref="KeyNotFoundException">The server does not serve the kind.</exception>
    public static JsonObject For(string group, string version, string kind) =>
        (JsonObject)Built.GetOrAdd((group, version, kind), key =>
        {
            if (!Kinds.TryGetValue(key, out var known))
            {
                throw new KeyNotFoundException($"no built-in kind {kind} in {group}/{version}");
            }

            var schema = OfModel(known.Model, []);
            schema.Insert(0, "description", known.Description);
            schema["x-kubernetes-group-version-kind"] = new JsonArray(new JsonObject
            {
                ["group"] = group,
                ["version"] = version,
                ["kind"] = kind,
            });
            return schema;
        }).DeepClone();

    private static JsonObject OfType(Type type, HashSet<Type> within)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
        {
            return new JsonObject { ["type"] = "string" };
        }

        if (type == typeof(bool))
        {
            return new JsonObject { ["type"] = "boolean" };
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return new JsonObject { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        }

        if (type == typeof(double))
        {
            return new JsonObject { ["type"] = "number", ["format"] = "double" };
        }

        if (type == typeof(DateTime) || type == typeof(DateTimeOffset))
        {
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        }

        if (type == typeof(byte[]))
        {
            return new JsonObject { ["type"] = "string", ["format"] = "byte" };
        }

        // A quantity may be written as a number, too.
        if (type == typeof(IntOrString) || type == typeof(ResourceQuantity))
        {
            return new JsonObject { ["x-kubernetes-int-or-string"] = true };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>))
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = OfType(type.GetGenericArguments()[1], within) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>))
        {
            return new JsonObject { ["type"] = "array", ["items"] = OfType(type.GetGenericArguments()[0], within) };
        }

        // A schema within a schema has no end, and is checked by its own reader.
        if (type == typeof(V1JSONSchemaProps) || within.Contains(type))
        {
            return new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        }

        return type.Namespace == typeof(V1Pod).Namespace && type.IsClass
            ? OfModel(type, within)
            : new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true };
    }

    private static JsonObject OfModel(Type model, HashSet<Type> within)
    {
        within.Add(model);
        var properties = new JsonObject();
        foreach (var property in model.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is not { } name)
            {
                continue;
            }

            var schema = OfType(property.PropertyType, within);
            if (schema["type"]?.GetValue<string>() == "array")
            {
                BuiltInLists.Describe(model, name, schema);
            }
            else if (BuiltInLists.PatchStrategy(model, name) is { } strategy)
            {
                schema["x-kubernetes-patch-strategy"] = strategy;
            }

            properties.Add(name, schema);
        }

        within.Remove(model);
        var result = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (BuiltInLists.Required(model) is { Length: > 0 } required)
        {
            result["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]);
        }

        if (BuiltInLists.IsAtomic(model))
        {
            result["x-kubernetes-map-type"] = "atomic";
        }

        return result;
    }
}
