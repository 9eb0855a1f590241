// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How to create an object.</summary>
public sealed record CreateOptions
{
    /// <summary>Whether the server is only to say what it would do: all that may refuse the object is asked, and nothing is
    /// stored.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether a field that the kind does not know, or one that is given twice, is an error; else the server drops it
    /// and takes the rest. Servers before 1.25 drop it in any case.</summary>
    public bool StrictFieldValidation { get; init; }

    /// <summary>What follows the query of a create that has others already.</summary>
    internal string Query => $"{(DryRun ? "&dryRun=All" : "")}{(StrictFieldValidation ? "&fieldValidation=Strict" : "")}";
}
