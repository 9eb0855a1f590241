// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>Writes the three objects of a machine as the API server wants them.</summary>
public static class ObjectWriter
{
    /// <summary>The bootstrap config or the infrastructure machine, from its template.</summary>
    public static ReadOnlyMemory<byte> ProviderObject(ScheduledMachine machine, ProviderRole role) => Write(json =>
    {
        var template = TemplateOf(machine, role);
        json.WriteString("apiVersion"u8, template.ApiVersion);
        json.WriteString("kind"u8, template.Kind);
        WriteMetadata(json, machine, template.Metadata?.Labels, template.Metadata?.Annotations, machine.HashOf(role), owned: false);
        json.WritePropertyName("spec"u8);
        template.Spec.WriteTo(json);
    });

    /// <summary>A JSON patch that brings such an object up to its template, if it is still the one of this uid. Its labels and
    /// annotations are there, since we made it with some.</summary>
    public static ReadOnlyMemory<byte> ProviderObjectPatch(ScheduledMachine machine, ProviderRole role, string uid)
    {
        var template = TemplateOf(machine, role);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            WriteText("replace", "/metadata/uid", uid);
            json.WriteStartObject();
            json.WriteString("op"u8, "add"u8);
            json.WriteString("path"u8, "/spec"u8);
            json.WritePropertyName("value"u8);
            template.Spec.WriteTo(json);
            json.WriteEndObject();
            foreach (var (key, value) in Labels(machine, template.Metadata?.Labels))
            {
                WriteText("add", $"/metadata/labels/{Escape(key)}", value!);
            }

            foreach (var (key, value) in Annotations(machine, template.Metadata?.Annotations, machine.HashOf(role)))
            {
                WriteText("add", $"/metadata/annotations/{Escape(key)}", value!);
            }

            json.WriteEndArray();

            void WriteText(string operation, string path, string value)
            {
                json.WriteStartObject();
                json.WriteString("op"u8, operation);
                json.WriteString("path"u8, path);
                json.WriteString("value"u8, value);
                json.WriteEndObject();
            }
        }

        return buffer.WrittenMemory;

        static string Escape(string key) => key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    /// <summary>The Machine that points at both.</summary>
    /// <param name="machine">What it is made for.</param>
    /// <param name="version">The version of Cluster API's group to write: <c>v1beta2</c> or <c>v1beta1</c>.</param>
    /// <param name="cluster">Its Cluster, which owns it beside the ScheduledMachine, as it owns Cluster API's own Machines.</param>
    public static ReadOnlyMemory<byte> Machine(ScheduledMachine machine, string version, CapiCluster? cluster) => Write(json =>
    {
        var spec = machine.Spec!;
        json.WriteString("apiVersion"u8, $"{MachineApi.Group}/{version}");
        json.WriteString("kind"u8, MachineApi.Kind);
        WriteMetadata(json, machine, spec.MachineTemplate?.Labels, spec.MachineTemplate?.Annotations, machine.TemplateHash, owned: true, cluster);
        json.WriteStartObject("spec"u8);
        json.WriteString("clusterName"u8, spec.ClusterName);
        if (!string.IsNullOrEmpty(spec.MachineTemplate?.Version))
        {
            json.WriteString("version"u8, spec.MachineTemplate.Version);
        }

        if (!string.IsNullOrEmpty(spec.MachineTemplate?.FailureDomain))
        {
            json.WriteString("failureDomain"u8, spec.MachineTemplate.FailureDomain);
        }

        json.WriteStartObject("bootstrap"u8);
        WriteReference(json, "configRef", machine, spec.BootstrapSpec, version);
        json.WriteEndObject();
        WriteReference(json, "infrastructureRef", machine, spec.InfrastructureSpec, version);
        WriteDeletionTimeouts(json, DeletionTimeouts.Of(machine), version);
        json.WriteEndObject();
    });

    /// <summary>A merge patch that sets how long Cluster API takes at most to delete a Machine, if it is still the one of this uid.
    /// </summary>
    public static ReadOnlyMemory<byte> DeletionTimeoutsPatch(string uid, DeletionTimeouts timeouts, string version) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        json.WriteString("uid"u8, uid);
        json.WriteEndObject();
        json.WriteStartObject("spec"u8);
        WriteDeletionTimeouts(json, timeouts, version);
        json.WriteEndObject();
    });

    /// <summary>A merge patch of annotations; null takes one away.</summary>
    /// <param name="resourceVersion">The version that the patch is for; null for any.</param>
    /// <param name="annotations">Keys and values.</param>
    /// <param name="uid">The object that the patch is for, where that is not told by its version.</param>
    public static ReadOnlyMemory<byte> AnnotationsPatch(
        string? resourceVersion, IEnumerable<KeyValuePair<string, string?>> annotations, string? uid = null) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        if (uid is not null)
        {
            json.WriteString("uid"u8, uid);
        }

        WriteResourceVersion(json, resourceVersion);
        WriteStrings(json, "annotations", annotations);
        json.WriteEndObject();
    });

    /// <summary>A merge patch that makes the ScheduledMachine the Machine's controller and its Cluster an owner, beside its other
    /// owners.</summary>
    /// <exception cref="ApiException">Not all of its owners are known.</exception>
    public static ReadOnlyMemory<byte> AdoptionPatch(ScheduledMachine machine, CapiMachine found, CapiCluster? cluster) => Write(json =>
    {
        RequireWholeLists(found.Metadata, "ownerReferences");
        json.WriteStartObject("metadata"u8);
        WriteResourceVersion(json, found.ResourceVersion);
        json.WriteStartArray("ownerReferences"u8);
        foreach (var owner in found.Metadata.OwnerReferences.Where(owner => !owner.Controller && (cluster is null || !Ownership.IsCluster(owner, cluster.Key.Name))))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion"u8, owner.ApiVersion);
            json.WriteString("kind"u8, owner.Kind);
            json.WriteString("name"u8, owner.Name);
            json.WriteString("uid"u8, owner.Uid);
            if (owner.BlockOwnerDeletion)
            {
                json.WriteBoolean("blockOwnerDeletion"u8, value: true);
            }

            json.WriteEndObject();
        }

        WriteOwner(json, machine);
        WriteCluster(json, cluster);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>A merge patch with the whole list of finalizers.</summary>
    /// <exception cref="ApiException">Not all of them are known.</exception>
    public static ReadOnlyMemory<byte> FinalizersPatch(ScheduledMachine machine, IEnumerable<string> finalizers) => Write(json =>
    {
        RequireWholeLists(machine.Metadata, "finalizers");
        json.WriteStartObject("metadata"u8);
        WriteResourceVersion(json, machine.ResourceVersion);
        json.WriteStartArray("finalizers"u8);
        foreach (var finalizer in finalizers)
        {
            json.WriteStringValue(finalizer);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    // Whoever writes a list of which they know a part takes from it what others put there.
    private static void RequireWholeLists(ObjectMetadata metadata, string list)
    {
        if (metadata.AreListsCut)
        {
            throw new ApiException(
                422, "Invalid", $"metadata.{list} can't be changed: there are more than {ObjectMetadata.MostOfAList} finalizers or owners, or one is longer than {ObjectMetadata.LongestName} characters, and some would be lost.");
        }
    }

    /// <summary>A merge patch that switches a ScheduledMachine off, and says why: both or none.</summary>
    public static ReadOnlyMemory<byte> SwitchOffPatch(ScheduledMachine machine, ReclaimNote note) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        json.WriteString("uid"u8, machine.Uid);
        WriteStrings(json, "annotations", note.Annotations());
        json.WriteEndObject();
        json.WriteStartObject("spec"u8);
        json.WriteStartObject("schedule"u8);
        json.WriteBoolean("enabled"u8, value: false);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>A merge patch of a Node's labels and annotations; null takes one away.</summary>
    public static ReadOnlyMemory<byte> NodePatch(
        Node node, IEnumerable<KeyValuePair<string, string?>> labels, IEnumerable<KeyValuePair<string, string?>> annotations) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        WriteResourceVersion(json, node.ResourceVersion);
        json.WriteString("uid"u8, node.Uid);
        WriteStrings(json, "labels", labels);
        WriteStrings(json, "annotations", annotations);
        json.WriteEndObject();
    });

    /// <summary>The ConfigMap of a Node's reclaim agent, as a server-side apply. The Node owns it: it goes with the Node,
    /// whoever deletes that, and whether or not somebody is there to see.</summary>
    public static ReadOnlyMemory<byte> ReclaimConfig(ScheduledMachine machine, Node node, string toml) => Write(json =>
    {
        var key = FiveSpot.Lifecycle.Reclaim.ReclaimConfig.KeyOf(node.Metadata.Name);
        json.WriteString("apiVersion"u8, "v1");
        json.WriteString("kind"u8, "ConfigMap");
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, key.Name);
        json.WriteString("namespace"u8, key.Namespace);
        WriteStrings(json, "labels", [new(WellKnown.ScheduledMachineLabel, machine.Metadata.Name)]);
        json.WriteStartArray("ownerReferences"u8);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, "v1");
        json.WriteString("kind"u8, "Node");
        json.WriteString("name"u8, node.Metadata.Name);
        json.WriteString("uid"u8, node.Uid);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        WriteStrings(json, "data", [new(WellKnown.ReclaimConfigMapKey, toml)]);
    });

    /// <summary>A merge patch that cordons a Node and says for whom, or takes that back.</summary>
    public static ReadOnlyMemory<byte> CordonPatch(Node node, string? cordonedBy) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        WriteResourceVersion(json, node.ResourceVersion);
        json.WriteString("uid"u8, node.Uid);
        WriteStrings(json, "annotations", [new(WellKnown.CordonedByAnnotation, cordonedBy)]);
        json.WriteEndObject();
        json.WriteStartObject("spec"u8);
        if (cordonedBy is null)
        {
            json.WriteNull("unschedulable"u8);
        }
        else
        {
            json.WriteBoolean("unschedulable"u8, value: true);
        }

        json.WriteEndObject();
    });

    /// <summary>
    /// A merge patch of all taints of a Node, and of our note of which are ours: both or none. It is for the version that was
    /// seen, since the list is replaced as a whole.
    /// </summary>
    public static ReadOnlyMemory<byte> TaintsPatch(Node node, Tainting tainting) => Write(json =>
    {
        json.WriteStartObject("metadata"u8);
        WriteResourceVersion(json, node.ResourceVersion);
        json.WriteString("uid"u8, node.Uid);
        WriteStrings(json, "annotations", [new(WellKnown.AppliedTaintsAnnotation, tainting.Annotation())]);
        json.WriteEndObject();
        json.WriteStartObject("spec"u8);
        json.WriteStartArray("taints"u8);
        foreach (var taint in tainting.Taints)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, taint.Key);
            if (taint.Value.Length > 0)
            {
                json.WriteString("value"u8, taint.Value);
            }

            json.WriteString("effect"u8, taint.Effect);
            if (taint.TimeAdded is not null)
            {
                json.WriteString("timeAdded"u8, taint.TimeAdded);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>The status, as a server-side apply of the status subresource.</summary>
    public static ReadOnlyMemory<byte> Status(ScheduledMachine machine, ScheduledMachineStatus status) => Write(json =>
    {
        json.WriteString("apiVersion"u8, $"{WellKnown.Group}/{WellKnown.Version}");
        json.WriteString("kind"u8, WellKnown.Kind);
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, machine.Metadata.Name);
        json.WriteString("namespace"u8, machine.Metadata.Namespace);
        // A ScheduledMachine that was deleted and made anew is another one: this status is not about it.
        json.WriteString("uid"u8, machine.Uid);
        json.WriteEndObject();
        json.WritePropertyName("status"u8);
        JsonSerializer.Serialize(json, status, ApiJsonContext.Default.ScheduledMachineStatus);
    });

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteMetadata(
        Utf8JsonWriter json,
        ScheduledMachine machine,
        IReadOnlyDictionary<string, string>? labels,
        IReadOnlyDictionary<string, string>? annotations,
        string hash,
        bool owned,
        CapiCluster? cluster = null)
    {
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, machine.Metadata.Name);
        json.WriteString("namespace"u8, machine.Metadata.Namespace);
        WriteStrings(json, "labels", Labels(machine, labels));
        WriteStrings(json, "annotations", Annotations(machine, annotations, hash));
        if (owned)
        {
            json.WriteStartArray("ownerReferences"u8);
            WriteOwner(json, machine);
            WriteCluster(json, cluster);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static ObjectTemplate TemplateOf(ScheduledMachine machine, ProviderRole role) =>
        role is ProviderRole.Bootstrap ? machine.Spec!.BootstrapSpec : machine.Spec!.InfrastructureSpec;

    private static IEnumerable<KeyValuePair<string, string?>> Labels(ScheduledMachine machine, IReadOnlyDictionary<string, string>? labels) =>
    [
        .. Of(labels),
        new(WellKnown.ScheduledMachineLabel, machine.Metadata.Name),
        new(WellKnown.ClusterNameLabel, machine.Spec!.ClusterName),
    ];

    private static IEnumerable<KeyValuePair<string, string?>> Annotations(
        ScheduledMachine machine, IReadOnlyDictionary<string, string>? annotations, string hash) => machine.Computer is { } computer
        ? [.. Of(annotations), new(WellKnown.TemplateHashAnnotation, hash), new(WellKnown.ComputerAnnotation, computer)]
        : [.. Of(annotations), new(WellKnown.TemplateHashAnnotation, hash)];

    private static IEnumerable<KeyValuePair<string, string?>> Of(IReadOnlyDictionary<string, string>? strings) =>
        strings is null ? [] : strings.Select(pair => new KeyValuePair<string, string?>(pair.Key, pair.Value));

    private static void WriteOwner(Utf8JsonWriter json, ScheduledMachine machine)
    {
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, $"{WellKnown.Group}/{WellKnown.Version}");
        json.WriteString("kind"u8, WellKnown.Kind);
        json.WriteString("name"u8, machine.Metadata.Name);
        json.WriteString("uid"u8, machine.Uid);
        json.WriteBoolean("controller"u8, value: true);
        json.WriteBoolean("blockOwnerDeletion"u8, value: true);
        json.WriteEndObject();
    }

    // As Cluster API gives it to its own Machines: no controller, and nothing that keeps the Cluster.
    private static void WriteCluster(Utf8JsonWriter json, CapiCluster? cluster)
    {
        if (cluster is not null)
        {
            json.WriteStartObject();
            json.WriteString("apiVersion"u8, cluster.ApiVersion);
            json.WriteString("kind"u8, MachineApi.ClusterKind);
            json.WriteString("name"u8, cluster.Key.Name);
            json.WriteString("uid"u8, cluster.Uid);
            json.WriteEndObject();
        }
    }

    // v1beta2 names the group alone and leaves the namespace out: both are the Machine's own.
    private static void WriteReference(
        Utf8JsonWriter json, string property, ScheduledMachine machine, ObjectTemplate template, string version)
    {
        json.WriteStartObject(property);
        if (version == "v1beta1")
        {
            json.WriteString("apiVersion"u8, template.ApiVersion);
        }
        else
        {
            json.WriteString("apiGroup"u8, FiveSpot.Kubernetes.ResourceType.SplitApiVersion(template.ApiVersion).Group);
        }

        json.WriteString("kind"u8, template.Kind);
        json.WriteString("name"u8, machine.Metadata.Name);
        if (version == "v1beta1")
        {
            json.WriteString("namespace"u8, machine.Metadata.Namespace);
        }

        json.WriteEndObject();
    }

    private static void WriteDeletionTimeouts(Utf8JsonWriter json, DeletionTimeouts timeouts, string version)
    {
        if (version == "v1beta1")
        {
            json.WriteString("nodeDrainTimeout"u8, GoDuration.Format(timeouts.Drain!.Value));
            json.WriteString("nodeVolumeDetachTimeout"u8, GoDuration.Format(timeouts.VolumeDetach!.Value));
            json.WriteString("nodeDeletionTimeout"u8, GoDuration.Format(timeouts.NodeDeletion!.Value));
            return;
        }

        json.WriteStartObject("deletion"u8);
        json.WriteNumber("nodeDrainTimeoutSeconds"u8, (long)timeouts.Drain!.Value.TotalSeconds);
        json.WriteNumber("nodeVolumeDetachTimeoutSeconds"u8, (long)timeouts.VolumeDetach!.Value.TotalSeconds);
        json.WriteNumber("nodeDeletionTimeoutSeconds"u8, (long)timeouts.NodeDeletion!.Value.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteResourceVersion(Utf8JsonWriter json, string? resourceVersion)
    {
        if (resourceVersion is not null)
        {
            json.WriteString("resourceVersion"u8, resourceVersion);
        }
    }

    private static void WriteStrings(
        Utf8JsonWriter json, string property, IEnumerable<KeyValuePair<string, string?>> strings)
    {
        json.WriteStartObject(property);
        foreach (var (key, value) in strings)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
