// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What was asked of the server, put into words only when something goes wrong.</summary>
internal readonly record struct Operation(string Verb, ResourceType? Type, ObjectKey Key, string? Detail = null)
{
    public override string ToString()
    {
        var what = Type is null ? Detail : Detail is null ? Type.QualifiedName : $"{Type.QualifiedName}/{Detail}";
        return string.IsNullOrEmpty(Key.Name)
            ? string.IsNullOrEmpty(Key.Namespace) ? $"{Verb} {what}" : $"{Verb} {what} in {Key.Namespace}"
            : $"{Verb} {what} {Key}";
    }
}
