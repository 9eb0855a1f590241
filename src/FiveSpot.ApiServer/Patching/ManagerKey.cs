// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Patching;

/// <summary>Identity of an entry of <c>metadata.managedFields</c>; the version belongs to it for updates only.</summary>
internal readonly record struct ManagerKey(string Manager, string Operation, string ApiVersion, string Subresource)
{
    public static ManagerKey Of(string manager, string operation, string apiVersion, string? subresource) =>
        new(manager.Length > 0 ? manager : "unknown", operation, operation == "Apply" ? "" : apiVersion, subresource ?? "");

    public bool IsApply => Operation == "Apply";

    /// <summary>The manager in a message about a conflict.</summary>
    public override string ToString()
    {
        var text = $"\"{Manager}\"";
        if (Subresource.Length > 0)
        {
            text += $" with subresource \"{Subresource}\"";
        }
        return IsApply ? text : $"{text} using {ApiVersion}";
    }
}
