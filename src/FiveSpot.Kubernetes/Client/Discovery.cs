// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>What an API server serves: the resource of a kind, the versions of a group.</summary>
/// <remarks>
/// Answers are remembered for ten minutes; what was not found is asked for again, in its own group alone, at most every
/// ten seconds. When the server can't be asked again, what is remembered is used.
/// </remarks>
/// <param name="client">The API server.</param>
#pragma warning disable CA1001 // A SemaphoreSlim whose wait handle nobody asks for holds nothing to dispose of.
public sealed class Discovery(ApiClient client)
#pragma warning restore CA1001
{
    private const int MostResources = 10_000;

    private static readonly TimeSpan TrustFound = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TrustMissing = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Remembered<IReadOnlyList<ResourceType>>> _resources = [];
    private readonly Dictionary<string, Remembered<IReadOnlyList<string>>> _versions = [];
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Finds the resource of a kind.</summary>
    /// <param name="apiVersion"><c>group/version</c>, or <c>v1</c>.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The resource type, or null if the server does not serve it.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<ResourceType?> FindAsync(string apiVersion, string kind, CancellationToken cancellationToken) =>
        FindAsync(apiVersion, r => r.Kind == kind && !r.Plural.Contains('/'), cancellationToken);

    /// <summary>Finds a resource or subresource by its name.</summary>
    /// <param name="apiVersion">The <c>apiVersion</c> under which it is served.</param>
    /// <param name="name">Such as <c>pods</c> or <c>pods/eviction</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The resource type, or null if the server does not serve it. Of a subresource, group, version and kind are
    /// those of the body that it takes (<c>policy</c>, <c>v1</c>, <c>Eviction</c>).</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<ResourceType?> FindByNameAsync(string apiVersion, string name, CancellationToken cancellationToken) =>
        FindAsync(apiVersion, r => r.Plural == name, cancellationToken);

    /// <summary>The versions of a group that the server serves, the one it prefers first.</summary>
    /// <param name="group">The group, not the core one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Versions such as <c>v1beta2</c>; empty if the server does not serve the group.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<IReadOnlyList<string>> ServedVersionsAsync(string group, CancellationToken cancellationToken) =>
        RememberAsync(
            _versions, group, static v => v.Count > 0,
            () => GetOrEmptyAsync($"/apis/{Uri.EscapeDataString(group)}", group, version: null, DecodeVersions, cancellationToken),
            cancellationToken);

    /// <summary>Forgets what is remembered of a group, which may have changed.</summary>
    /// <param name="group">The group, not the core one.</param>
    /// <param name="cancellationToken">Ends the wait for an answer that is under way.</param>
    /// <returns>A task that ends then.</returns>
    public async Task ForgetAsync(string group, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            _versions.Remove(group);
            foreach (var apiVersion in _resources.Keys.Where(apiVersion => ResourceType.SplitApiVersion(apiVersion).Group == group).ToList())
            {
                _resources.Remove(apiVersion);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ResourceType?> FindAsync(
        string apiVersion, Predicate<ResourceType> matches, CancellationToken cancellationToken)
    {
        var (group, version) = ResourceType.SplitApiVersion(apiVersion);
        var path = new ResourceType(group, version, "-", "-", false).GroupVersionPath;
        var resources = await RememberAsync(
            _resources, apiVersion, all => Find(all, matches) is not null,
            () => GetOrEmptyAsync(path, group, version, body => DecodeResources(body, group, version), cancellationToken),
            cancellationToken);
        return Find(resources, matches);
    }

    private static ResourceType? Find(IReadOnlyList<ResourceType> resources, Predicate<ResourceType> matches)
    {
        foreach (var resource in resources)
        {
            if (matches(resource))
            {
                return resource;
            }
        }

        return null;
    }

    private async Task<T> RememberAsync<T>(
        Dictionary<string, Remembered<T>> memory, string key, Predicate<T> answers, Func<Task<T>> ask,
        CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var known = memory.TryGetValue(key, out var remembered);
            if (known && client.NetworkTime.GetElapsedTime(remembered.At) < (answers(remembered.Value) ? TrustFound : TrustMissing))
            {
                return remembered.Value;
            }

            try
            {
                var value = await ask();
                memory[key] = new(value, client.NetworkTime.GetTimestamp());
                return value;
            }
            catch (Exception e) when (known && answers(remembered.Value) && e is ApiException or ApiUnreachableException)
            {
                return remembered.Value;
            }
        }
        finally
        {
            _one.Release();
        }
    }

    // What is not there is answered as text, as it is by a proxy that leads nowhere. The list of all groups is always there: it
    // decides.
    private async Task<IReadOnlyList<T>> GetOrEmptyAsync<T>(
        string path, string group, string? version, DecodeObject<IReadOnlyList<T>> decode, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetRawAsync(path, decode, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return [];
        }
        catch (ApiException e) when (e.IsNotServed && group.Length > 0)
        {
            if (await client.GetRawAsync("/apis", body => Names(body, group, version), cancellationToken))
            {
                throw;
            }

            return [];
        }
    }

    private static bool Names(ReadOnlySpan<byte> groups, string group, string? version)
    {
        var reader = new Utf8JsonReader(groups);
        using var document = JsonDocument.ParseValue(ref reader);
        foreach (var entry in document.RootElement.GetProperty("groups").EnumerateArray())
        {
            if (Text(entry, "name") == group)
            {
                return version is null || entry.GetProperty("versions").EnumerateArray().Any(served => Text(served, "version") == version);
            }
        }

        return false;
    }

    private static IReadOnlyList<ResourceType> DecodeResources(ReadOnlySpan<byte> body, string group, string version)
    {
        var reader = new Utf8JsonReader(body);
        using var document = JsonDocument.ParseValue(ref reader);
        var resources = new List<ResourceType>();
        foreach (var resource in document.RootElement.GetProperty("resources").EnumerateArray())
        {
            if (resources.Count == MostResources)
            {
                throw new JsonException($"{group}/{version} has more than {MostResources} resources");
            }

            resources.Add(new ResourceType(
                Text(resource, "version") is null ? group : Text(resource, "group") ?? "",
                Text(resource, "version") ?? version,
                Text(resource, "name") ?? "",
                Text(resource, "kind") ?? "",
                resource.TryGetProperty("namespaced", out var namespaced) && namespaced.ValueKind == JsonValueKind.True));
        }

        return resources;
    }

    private static IReadOnlyList<string> DecodeVersions(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        var preferred = root.TryGetProperty("preferredVersion", out var p) ? Text(p, "version") : null;
        var versions = new List<string>();
        foreach (var entry in root.GetProperty("versions").EnumerateArray())
        {
            if (Text(entry, "version") is { } version)
            {
                versions.Insert(version == preferred ? 0 : versions.Count, version);
            }
        }

        return versions;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private readonly record struct Remembered<T>(T Value, long At);
}
