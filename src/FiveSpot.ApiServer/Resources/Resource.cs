// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;
using FiveSpot.ApiServer.Storage;
using FiveSpot.ApiServer.Tables;

namespace FiveSpot.ApiServer.Resources;

/// <summary>One resource as one group version serves it.</summary>
internal sealed class Resource
{
    private static readonly string[] StorageVerbs =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private static readonly string[] CustomVerbs =
        ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    private static readonly string[] NamespaceVerbs = [.. StorageVerbs.Where(verb => verb != "deletecollection")];

    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind => field ??= Kind + "List";

    public required bool Namespaced { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Null for the reviews, which nothing is kept of.</summary>
    public ResourceStore? Store { get; init; }

    public required ResourceStrategy Strategy { get; init; }

    /// <summary>What the objects look like; null when anything goes.</summary>
    public StructuralSchema? Schema { get; init; }

    public JsonObject OpenApi => Schema?.OpenApi ?? EmptySchema;

    public bool HasStatus { get; init; }

    public ScalePaths? Scale { get; init; }

    public IReadOnlyList<TableColumn> Columns { get; init; } = TableColumn.Default;

    /// <summary>True for what a CustomResourceDefinition defines.</summary>
    public bool IsCustom { get; init; }

    /// <summary>Cancelled when the definition has changed and the watches that were opened by its former state have to end.</summary>
    public CancellationToken Retired { get; init; }

    /// <summary>Whether its storage is still being read in, as it is for a moment after the definition was made or changed.</summary>
    public Func<bool> IsInitializing { get; init; } = static () => false;

    /// <summary>Whether it is served by the part of kube-apiserver that knows no built-in kinds but definitions.</summary>
    public bool IsOfExtensions => IsCustom || Group == "apiextensions.k8s.io";

    /// <summary>From the stored form to this version's and back, where that is more than another <c>apiVersion</c>.</summary>
    public ObjectConversion? Conversion { get; init; }

    public string GroupVersion => field ??= Group.Length == 0 ? Version : $"{Group}/{Version}";

    public string QualifiedName => field ??= Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Where kube-apiserver keeps the objects in etcd, which its errors tell.</summary>
    public string StoragePrefix => field ??= this switch
    {
        { IsOfExtensions: true } => $"/registry/{Group}/{Plural}",
        { QualifiedName: "nodes" } => "/registry/minions",
        { QualifiedName: "services" } => "/registry/services/specs",
        _ => $"/registry/{Plural}",
    };

    public string QualifiedKind => field ??= Group.Length == 0 ? Kind : $"{Kind}.{Group}";

    public IReadOnlyList<string> Verbs => Store is null ? ["create"] : QualifiedName == "namespaces" ? NamespaceVerbs : IsCustom ? CustomVerbs : StorageVerbs;

    /// <summary>A digest of the version that is stored, by which clients notice that it changed; null for what is not stored.</summary>
    public string? StorageVersionHash => Store is null
        ? null
        : field ??= Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{(Group == "events.k8s.io" ? "" : Group)}/{Version}/{Kind}"))[..8]);

    /// <summary><c>{"kind":"…","apiVersion":"…",</c>: what precedes an object's stored encoding.</summary>
    public ReadOnlyMemory<byte> Head => _head ??= Encoding.UTF8.GetBytes($"{{\"kind\":\"{Kind}\",\"apiVersion\":\"{GroupVersion}\",");

    private byte[]? _head;

    private static readonly JsonObject EmptySchema = new()
    {
        ["type"] = "object",
        ["x-kubernetes-preserve-unknown-fields"] = true,
    };

    /// <summary>A fresh copy of the object in this version, for the caller to change.</summary>
    public JsonObject FromStorage(JsonObject stored)
    {
        var obj = Conversion is null ? stored.Copy() : Conversion.FromStorage(stored);
        obj["apiVersion"] = GroupVersion;
        obj["kind"] = Kind;
        return obj;
    }

    /// <summary>The object as it is kept; takes over <paramref name="obj"/>.</summary>
    public JsonObject ToStorage(JsonObject obj) => Conversion is null ? obj : Conversion.ToStorage(obj);

    public ReadOnlyMemory<byte> Tail(StoredObject stored) =>
        Conversion is null ? stored.Tail : stored.ConvertedTail(Conversion.FromStorage);
}
