// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What was asked of the server, put into words only when something goes wrong.</summary>
internal readonly record struct Operation(string Verb, ResourceType? Type, ObjectKey Key, string? Detail = null)
{
    /// <summary>Whether it changes something on the server. Reviews of permissions are posted, and change nothing.</summary>
    public bool IsWrite => Verb is not ("get" or "list" or "watch") && Type?.Group is not "authorization.k8s.io";

    public override string ToString()
    {
        var what = Type is null ? Detail : Detail is null ? Type.QualifiedName : $"{Type.QualifiedName}/{Detail}";
        return string.IsNullOrEmpty(Key.Name)
            ? string.IsNullOrEmpty(Key.Namespace) ? $"{Verb} {what}" : $"{Verb} {what} in {Key.Namespace}"
            : $"{Verb} {what} {Key}";
    }
}
