// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.ApiServer;

/// <summary>How a write was asked for.</summary>
internal sealed record WriteOptions
{
    public static readonly WriteOptions ByServer = new() { FieldManager = "kube-controller-manager", FieldValidation = "Ignore" };

    public required string FieldManager { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>.</summary>
    public string FieldValidation { get; init; } = "Warn";

    public bool DryRun { get; init; }

    /// <summary>Empty, <c>status</c>, or another part that the write goes through; <c>metadata</c> for the server's own edits of that.</summary>
    public string Subresource { get; init; } = string.Empty;

    /// <summary>The fields that came twice.</summary>
    public IReadOnlyCollection<string> DuplicateFields { get; init; } = [];

    /// <summary>Where warnings for the client go.</summary>
    public List<string>? Warnings { get; init; }
}
