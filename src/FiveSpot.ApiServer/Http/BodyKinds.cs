// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Http;

/// <summary>Bodies of another kind than the path is for.</summary>
internal static class BodyKinds
{
    private const string Scheme = "pkg/api/legacyscheme/scheme.go:30";

    /// <summary>Why a body of a kind can't be one of a built-in resource: a known kind can't be converted, another is not known at all.</summary>
    public static StatusException NotHandled(Resource resource, string groupVersion, string kind)
    {
        var (group, version) = groupVersion.Split('/') is [var first, var second] ? (first, second) : (string.Empty, groupVersion);
        var why = BuiltInSchemas.All.Contains((group, version, kind))
            ? $"converting ({version}.{kind}) to ({PackageOf(resource.Group)}.{resource.Kind}): unknown conversion"
            : $"no kind \"{kind}\" is registered for version \"{groupVersion}\" in scheme \"{Scheme}\"";
        return Refusal.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {resource.Kind}: {why}");
    }

    /// <summary>What kube-apiserver calls the type of an object, or of a list of such, in its own code.</summary>
    public static string GoTypeOf(Resource resource, bool isList) => resource.IsCustom
        ? isList ? "unstructured.UnstructuredList" : "unstructured.Unstructured"
        : $"{PackageOf(resource.Group)}.{(isList ? resource.ListKind : resource.Kind)}";

    // kube-apiserver names the Go package of its internal types.
    private static string PackageOf(string group) => group is "" or "events.k8s.io" ? "core" : group.Split('.')[0];
}
