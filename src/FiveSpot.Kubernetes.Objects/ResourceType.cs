// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>A resource that an API server serves at one version.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version, such as <c>v1</c>.</param>
/// <param name="Plural">The resource name in paths, such as <c>pods</c>. It comes from discovery or is well known.</param>
/// <param name="Kind">The kind of its objects, such as <c>Pod</c>.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary><c>group/version</c>, or the version alone for the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary><c>plural.group</c>, or the plural alone for the core group: how messages name the resource.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Splits an <c>apiVersion</c>.</summary>
    /// <param name="apiVersion"><c>group/version</c> or <c>version</c>.</param>
    /// <returns>The group, empty for the core group, and the version.</returns>
    public static (string Group, string Version) SplitApiVersion(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/');
        return slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
    }

    /// <summary>The path of the group and version, such as <c>/apis/apps/v1</c> or <c>/api/v1</c>.</summary>
    public string GroupVersionPath =>
        Group.Length == 0 ? $"/api/{Escape(Version)}" : $"/apis/{Escape(Group)}/{Escape(Version)}";

    /// <summary>The path of the collection in one namespace, or of all of it.</summary>
    /// <param name="ns">The namespace; empty or null for all namespaces, or for a cluster-scoped resource.</param>
    /// <returns>An absolute path, each part escaped.</returns>
    /// <exception cref="ArgumentException">The namespace can't be a part of a path, or the resource has no
    /// namespaces.</exception>
    public string CollectionPath(string? ns = null)
    {
        if (string.IsNullOrEmpty(ns))
        {
            return $"{GroupVersionPath}/{Escape(Plural)}";
        }

        return Namespaced
            ? $"{GroupVersionPath}/namespaces/{Escape(ns)}/{Escape(Plural)}"
            : throw new ArgumentException($"{QualifiedName} is cluster-scoped and has no namespace '{ns}'.", nameof(ns));
    }

    /// <summary>The path of one object, or of a subresource of it.</summary>
    /// <param name="key">The object.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null.</param>
    /// <returns>An absolute path, each part escaped.</returns>
    /// <exception cref="ArgumentException">A part is missing, or can't be a part of a path.</exception>
    public string ObjectPath(ObjectKey key, string? subresource = null)
    {
        if (Namespaced && string.IsNullOrEmpty(key.Namespace))
        {
            throw new ArgumentException($"{QualifiedName} is namespaced; '{key.Name}' needs a namespace.", nameof(key));
        }

        var path = $"{CollectionPath(key.Namespace)}/{Escape(key.Name)}";
        return subresource is null ? path : $"{path}/{Escape(subresource)}";
    }

    // A name may come from somebody else's cluster: ".." must not climb to another object.
    private static string Escape(string part) =>
        part is null or "" or "." or ".."
            ? throw new ArgumentException($"'{part}' can't be a part of a resource path.", nameof(part))
            : Uri.EscapeDataString(part);
}
