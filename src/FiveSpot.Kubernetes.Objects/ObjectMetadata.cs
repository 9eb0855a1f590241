// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>The part of <c>metadata</c> that controllers read.</summary>
/// <remarks>
/// Not kept, because of their size: <c>managedFields</c> and the annotation
/// <c>kubectl.kubernetes.io/last-applied-configuration</c>. An API server takes a megabyte of the others too, from whoever may make
/// such an object, and there may be thousands: beyond what anybody uses in earnest they are left out.
/// </remarks>
public sealed record ObjectMetadata
{
    /// <summary>The most that is kept of the labels of an object, and of its annotations, in characters.</summary>
    public const int MostOfStrings = 32 << 10;

    /// <summary>The most finalizers and owners that are kept of an object.</summary>
    public const int MostOfAList = 64;

    /// <summary>The longest name, uid, finalizer and the like that is kept; a longer one is empty.</summary>
    public const int LongestName = 512;

    private static readonly IReadOnlyDictionary<string, string> NoStrings = new Dictionary<string, string>();

    /// <summary>The name; empty where the server sent none (a bookmark).</summary>
    public string Name { get; init; } = "";

    /// <summary>The namespace; empty for a cluster-scoped object.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The uid; empty where the server sent none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>The resource version; empty where the server sent none.</summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>Counts changes of the desired state; 0 where the resource has no generation.</summary>
    public long Generation { get; init; }

    /// <summary>When the object was created; null where the server sent none.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When the object is to be gone; null unless its deletion has begun.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Labels; never null.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoStrings;

    /// <summary>Annotations, those that the reader was asked to keep; never null.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = NoStrings;

    /// <summary>Finalizers; never null.</summary>
    public IReadOnlyList<string> Finalizers { get; init; } = [];

    /// <summary>Owners; never null.</summary>
    public IReadOnlyList<OwnerReference> OwnerReferences { get; init; } = [];

    /// <summary>Whether there are more finalizers or owners than are kept, or longer ones: whoever wrote these lists back would lose
    /// some.</summary>
    public bool AreListsCut { get; init; }

    /// <summary>Namespace and name.</summary>
    public ObjectKey Key => new(Namespace, Name);

    /// <summary>The owner that controls the object, or null.</summary>
    public OwnerReference? ControllerOwner
    {
        get
        {
            foreach (var owner in OwnerReferences)
            {
                if (owner.Controller)
                {
                    return owner;
                }
            }

            return null;
        }
    }

    /// <summary>About how many bytes of memory it takes, rather too many than too few.</summary>
    public long ApproximateBytes
    {
        get
        {
            var bytes = 160 + SizeOf(Name) + SizeOf(Uid) + SizeOf(ResourceVersion) + SizeOf(Labels) + SizeOf(Annotations);
            for (var i = 0; i < Finalizers.Count; i++)
            {
                bytes += SizeOf(Finalizers[i]);
            }

            for (var i = 0; i < OwnerReferences.Count; i++)
            {
                bytes += 64 + SizeOf(OwnerReferences[i].Name) + SizeOf(OwnerReferences[i].Uid) + SizeOf(OwnerReferences[i].Kind) + SizeOf(OwnerReferences[i].ApiVersion);
            }

            return bytes;
        }
    }

    /// <summary>About how many bytes of memory a text takes.</summary>
    public static long SizeOf(string? text) => text is null ? 0 : 24 + (2L * text.Length);

    /// <summary>Reads the value of <c>metadata</c>.</summary>
    /// <param name="reader">A reader at the start of the object (or at null, which gives empty metadata); it is left at
    /// the object's end.</param>
    /// <param name="keepAnnotation">Says by key which annotations to keep; null keeps all.</param>
    /// <param name="keepLabel">Says by key which labels to keep; null keeps all.</param>
    /// <returns>The metadata.</returns>
    /// <exception cref="JsonException">The JSON is broken.</exception>
    /// <exception cref="InvalidOperationException">A field has a type that it can't have.</exception>
    /// <exception cref="FormatException">A timestamp is none.</exception>
    public static ObjectMetadata Read(
        ref Utf8JsonReader reader, Func<string, bool>? keepAnnotation = null, Func<string, bool>? keepLabel = null)
    {
        string name = "", ns = "", uid = "", resourceVersion = "";
        long generation = 0;
        DateTimeOffset? created = null, deleted = null;
        IReadOnlyDictionary<string, string> labels = NoStrings, annotations = NoStrings;
        IReadOnlyList<string> finalizers = [];
        IReadOnlyList<OwnerReference> owners = [];
        var areListsCut = false;

        if (reader.TokenType == JsonTokenType.Null)
        {
            return new ObjectMetadata();
        }

        Expect(ref reader, JsonTokenType.StartObject, "metadata");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = NextString(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("namespace"u8))
            {
                reader.Read();
                ns = reader.GetPooledString() ?? "";
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                uid = NextString(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                resourceVersion = NextString(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("generation"u8))
            {
                reader.Read();
                generation = reader.TokenType == JsonTokenType.Null ? 0 : reader.GetInt64();
            }
            else if (reader.ValueTextEquals("creationTimestamp"u8))
            {
                created = NextTime(ref reader);
            }
            else if (reader.ValueTextEquals("deletionTimestamp"u8))
            {
                deleted = NextTime(ref reader);
            }
            else if (reader.ValueTextEquals("labels"u8))
            {
                reader.Read();
                labels = ReadStrings(ref reader, keepLabel);
            }
            else if (reader.ValueTextEquals("annotations"u8))
            {
                reader.Read();
                annotations = ReadStrings(ref reader, keepAnnotation ?? NotLastApplied);
            }
            else if (reader.ValueTextEquals("finalizers"u8))
            {
                reader.Read();
                finalizers = ReadFinalizers(ref reader, ref areListsCut);
            }
            else if (reader.ValueTextEquals("ownerReferences"u8))
            {
                reader.Read();
                owners = ReadOwners(ref reader, ref areListsCut);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return new ObjectMetadata
        {
            Name = name,
            Namespace = ns,
            Uid = uid,
            ResourceVersion = resourceVersion,
            Generation = generation,
            CreationTimestamp = created,
            DeletionTimestamp = deleted,
            Labels = labels,
            Annotations = annotations,
            Finalizers = finalizers,
            OwnerReferences = owners,
            AreListsCut = areListsCut,
        };
    }

    private static long SizeOf(IReadOnlyDictionary<string, string> strings)
    {
        var bytes = 0L;
        if (strings is Dictionary<string, string> { Count: > 0 } there)
        {
            bytes += 80;
            foreach (var (key, value) in there)
            {
                bytes += 40 + SizeOf(key) + SizeOf(value);
            }
        }

        return bytes;
    }

    private static bool NotLastApplied(string key) => key != "kubectl.kubernetes.io/last-applied-configuration";

    private static string? NextString(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    private static DateTimeOffset? NextTime(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();
    }

    private static IReadOnlyDictionary<string, string> ReadStrings(ref Utf8JsonReader reader, Func<string, bool>? keep)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return NoStrings;
        }

        Expect(ref reader, JsonTokenType.StartObject, "labels or annotations");
        Dictionary<string, string>? strings = null;
        var room = MostOfStrings;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetPooledString()!;
            reader.Read();
            if (keep is not null && !keep(key))
            {
                continue;
            }

            if (room - key.Length - reader.ValueSpan.Length is >= 0 and var left)
            {
                room = left;
                (strings ??= [])[key] = reader.GetPooledString() ?? "";
            }
            else if (keep is not null)
            {
                // That it is there may be all that is asked.
                (strings ??= [])[key] = "";
            }
        }

        return strings ?? NoStrings;
    }

    private static IReadOnlyList<string> ReadFinalizers(ref Utf8JsonReader reader, ref bool isCut)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return [];
        }

        Expect(ref reader, JsonTokenType.StartArray, "finalizers");
        var finalizers = new List<string>(1);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            isCut |= finalizers.Count == MostOfAList || reader.ValueSpan.Length > LongestName;
            if (finalizers.Count < MostOfAList)
            {
                finalizers.Add(ShortText(ref reader));
            }
        }

        return finalizers;
    }

    private static IReadOnlyList<OwnerReference> ReadOwners(ref Utf8JsonReader reader, ref bool isCut)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return [];
        }

        Expect(ref reader, JsonTokenType.StartArray, "ownerReferences");
        var owners = new List<OwnerReference>(1);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var owner = ReadOwner(ref reader);
            if (owners.Count < MostOfAList || owner.Controller)
            {
                owners.Add(owner);
            }
            else
            {
                isCut = true;
            }
        }

        return owners;
    }

    private static OwnerReference ReadOwner(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an owner reference");
        string apiVersion = "", kind = "", name = "", uid = "";
        bool controller = false, blocks = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("apiVersion"u8))
            {
                reader.Read();
                apiVersion = ShortText(ref reader);
            }
            else if (reader.ValueTextEquals("kind"u8))
            {
                reader.Read();
                kind = ShortText(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                name = ShortText(ref reader);
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                reader.Read();
                uid = ShortText(ref reader);
            }
            else if (reader.ValueTextEquals("controller"u8))
            {
                reader.Read();
                controller = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals("blockOwnerDeletion"u8))
            {
                reader.Read();
                blocks = reader.TokenType == JsonTokenType.True;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return new OwnerReference(apiVersion, kind, name, uid, controller, blocks);
    }

    private static string ShortText(ref Utf8JsonReader reader) => reader.ValueSpan.Length > LongestName ? "" : reader.GetPooledString() ?? "";

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string what)
    {
        if (reader.TokenType != token)
        {
            throw new JsonException($"{what}: expected {token}, found {reader.TokenType}");
        }
    }
}
