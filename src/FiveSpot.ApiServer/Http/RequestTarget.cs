// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Http;

/// <summary>What a path under <c>/api</c> or <c>/apis</c> names.</summary>
/// <remarks>
/// <paramref name="Namespace"/>: Null when the path has none.
/// <paramref name="Name"/>: Null for a collection.
/// <paramref name="Subresource"/>: Null for the object itself.
/// </remarks>
internal sealed record RequestTarget(string Group, string Version, string? Namespace, string Plural, string? Name, string? Subresource)
{
    /// <summary>Null when the path is not one of a resource.</summary>
    public static RequestTarget? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, version, rest) = parts switch
        {
            ["api", var core, .. var tail] => (string.Empty, core, tail),
            ["apis", var named, var its, .. var tail] => (named, its, tail),
            _ => (string.Empty, string.Empty, []),
        };
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] = Uri.UnescapeDataString(rest[i]);
        }

        return rest switch
        {
            ["namespaces", var name, "status" or "finalize"] when group.Length == 0 => new(group, version, name, "namespaces", name, rest[2]),
            ["namespaces", var space, var plural] => new(group, version, space, plural, null, null),
            ["namespaces", var space, var plural, var name] => new(group, version, space, plural, name, null),
            ["namespaces", var space, var plural, var name, var sub, ..] => new(group, version, space, plural, name, sub),
            [var plural] => new(group, version, null, plural, null, null),
            [var plural, var name] => new(group, version, null, plural, name, null),
            [var plural, var name, var sub, ..] => new(group, version, null, plural, name, sub),
            _ => null,
        };
    }
}
