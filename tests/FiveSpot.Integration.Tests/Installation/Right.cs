// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>A right that a role gives.</summary>
/// <param name="Role">Kind and name of the role.</param>
/// <param name="Verb">Such as <c>patch</c>.</param>
/// <param name="Resource">The resource with its subresource and its group; <c>*.group</c> for all of a group.</param>
internal sealed partial record Right(string Role, string Verb, string Resource)
{
    private static readonly HashSet<string> GroupsOfProviders =
        ["bootstrap.cluster.x-k8s.io", "infrastructure.cluster.x-k8s.io", "k0smotron.io"];

    /// <summary>Those that the roles of a folder give.</summary>
    public static IEnumerable<Right> GrantedBy(DeployFolder folder) =>
        from role in folder.Named.Select(folder.Read)
        where (string)role["kind"]! is "ClusterRole" or "Role"
        from rule in role["rules"]!.AsArray()
        from @group in rule["apiGroups"]!.AsArray()
        from resource in rule["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        select new Right($"{role["kind"]} {Definitions.NameOf(role)}", (string)verb!, Name((string)resource!, (string)@group!));

    /// <summary>Those that were made use of, by what a server has noted. What every account may do (to look round in the API,
    /// to ask for its own rights) is not among them.</summary>
    public static IEnumerable<Right> UsedIn(IEnumerable<AuditLog.Entry> log)
    {
        foreach (var entry in log)
        {
            var by = RoleOf().Match(entry.By);
            var role = $"{by.Groups[1].Value} {by.Groups[2].Value}";
            if (!role.Contains(" 5spot-", StringComparison.Ordinal))
            {
                continue;
            }

            yield return new Right(role, entry.Verb, Name(GroupsOfProviders.Contains(entry.Group) ? "*" : entry.Resource, entry.Group));

            // An apply that finds nothing creates, and the server asks for the right to that too.
            if (entry is { Verb: "patch", Code: 201 })
            {
                yield return new Right(role, "create", Name(entry.Resource, entry.Group));
            }

            // As the admission plugin OwnerReferencesPermissionEnforcement does of whoever lets an owner wait.
            if (entry.Body?["metadata"]?["ownerReferences"]?.AsArray().Any(owner => (bool?)owner!["blockOwnerDeletion"] == true) ?? false)
            {
                yield return new Right(role, "update", Name("scheduledmachines/finalizers", "5spot.finos.org"));
            }
        }
    }

    private static string Name(string resource, string group) => group.Length == 0 ? resource : $"{resource}.{group}";

    [GeneratedRegex("""^RBAC: allowed by \w+ "[^"]*" of (\w+) "([^"]*)" """, RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoleOf();
}
