// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// One request of a conversation. Path and body may use <c>${ns}</c>, the conversation's namespace,
/// <c>${hook}</c> and <c>${ca}</c>, the address of webhooks and the certificates to trust there, and <c>${step.path.of.field}</c>, what the same server answered to an earlier step.
/// </summary>
internal sealed record Step(string Name, HttpMethod Method, string Path, string? Body = null)
{
    public const string Json = "application/json";
    public const string Yaml = "application/yaml";
    public const string JsonPatch = "application/json-patch+json";
    public const string MergePatch = "application/merge-patch+json";
    public const string StrategicPatch = "application/strategic-merge-patch+json";
    public const string ApplyPatch = "application/apply-patch+yaml";
    public const string Table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    public const string Metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    public const string MetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

    public string ContentType { get; init; } = Json;

    public string Accept { get; init; } = Json;

    public bool Anonymous { get; init; }

    /// <summary>How many events of a watch are read, bookmarks apart; null when this is no watch.</summary>
    public int? Events { get; init; }

    /// <summary>Whether the watch stays open while the next steps are taken, until a step asks for its end.</summary>
    public bool StaysOpen { get; init; }

    /// <summary>The step whose watch is read to its end; null when this is a request.</summary>
    public string? EndOf { get; init; }

    /// <summary>What the answer must be like before it is compared: the request is repeated until it is.</summary>
    public Condition? Awaited { get; init; }

    /// <summary>The first minor version of Kubernetes that has what the step is about.</summary>
    public int Since { get; init; }

    /// <summary>Keeps, of the list in a field, what has one of these values in another field.</summary>
    public Filter? Kept { get; init; }

    public IReadOnlyList<Allowance> Allowances { get; init; } = [];

    public static Step Get(string name, string path) => new(name, HttpMethod.Get, path);

    public static Step Head(string name, string path) => new(name, HttpMethod.Head, path);

    public static Step Post(string name, string path, string body) => new(name, HttpMethod.Post, path, body);

    public static Step Put(string name, string path, string body) => new(name, HttpMethod.Put, path, body);

    public static Step Patch(string name, string path, string type, string body) => new(name, HttpMethod.Patch, path, body) { ContentType = type };

    public static Step Apply(string name, string path, string manager, string yaml) =>
        Patch(name, $"{path}?fieldManager={manager}", ApplyPatch, yaml);

    public static Step Delete(string name, string path, string? options = null) => new(name, HttpMethod.Delete, path, options);

    /// <summary>A watch that ends when it has brought so many events.</summary>
    public static Step Watch(string name, string path, int events) =>
        new(name, HttpMethod.Get, path + (path.Contains('?') ? '&' : '?') + "watch=true&timeoutSeconds=20") { Events = events };

    /// <summary>A watch that is read from now on, and answered by <see cref="End"/>.</summary>
    public static Step Open(string name, string path) =>
        new(name, HttpMethod.Get, path + (path.Contains('?') ? '&' : '?') + "watch=true&timeoutSeconds=60") { StaysOpen = true };

    /// <summary>Waits until the server ends a watch that was opened before: all of its events, and how it ended.</summary>
    public static Step End(string name, string opened) => new(name, HttpMethod.Get, string.Empty) { EndOf = opened };

    public Step As(string accept) => this with { Accept = accept };

    public Step Sending(string contentType) => this with { ContentType = contentType };

    public Step WithoutToken() => this with { Anonymous = true };

    public Step From(int minor) => this with { Since = minor };

    public Step Keeping(string list, string field, params string[] values) => this with { Kept = new Filter(list, field, values) };

    /// <summary>Repeats the request until a field (or the status code, as <c>code</c>) has a value.</summary>
    public Step Until(string field, string value) => this with { Awaited = new Condition(field, value) };

    /// <summary>
    /// Lets the answers differ in a part of them: <c>code</c>, <c>headers.Name</c>, or <c>body</c> with the path of a field,
    /// where <c>*</c> stands for anything. The document says why, by the id.
    /// </summary>
    public Step Differs(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.All));

    /// <summary>The same, only with a real server older than the one that the embedded server is like.</summary>
    public Step DiffersFromOlder(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.Older));

    /// <summary>The same, only with a real server as new as that, or newer.</summary>
    public Step DiffersFromNewest(string id, params string[] paths) => With(new Allowance(id, paths, AllowanceScope.Newest));

    private Step With(Allowance allowance) => this with { Allowances = [.. Allowances, allowance] };

    internal sealed record Condition(string Field, string Value);

    internal sealed record Filter(string List, string Field, IReadOnlyList<string> Values);
}
