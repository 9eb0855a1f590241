// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>One entry of <c>x-kubernetes-validations</c>. The programs are filled in when the rule is compiled.</summary>
internal sealed class ValidationRule
{
    public required string Rule { get; init; }

    public string Message { get; init; } = "";

    public string MessageExpression { get; init; } = "";

    public string? Reason { get; init; }

    /// <summary>The path of the error below the rule's own, normalized: <c>.a['b c']</c> as <c>.a[b c]</c>.</summary>
    public string FieldPath { get; set; } = "";

    public bool OptionalOldSelf { get; init; }

    public CelProgram? Program { get; set; }

    public CelProgram? MessageProgram { get; set; }

    public bool UsesOldSelf => Program is not null && Program.Variables.Contains("oldSelf");

    /// <summary>How messages name the rule: by its message, else by its text.</summary>
    public string Label => (Message.Length > 0 ? Message : Rule).Trim();

    public string MessageOrDefault => Message.Length > 0 ? Message.Trim() : $"failed rule: {Label}";
}
