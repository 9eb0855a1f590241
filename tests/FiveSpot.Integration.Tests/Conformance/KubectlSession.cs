// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>Commands that a person types one after the other, in a namespace of their own.</summary>
internal sealed record KubectlSession(string Name, params KubectlCommand[] Commands)
{
    public string Namespace => $"kubectl-{Name}";
}

/// <summary>One command: what is typed, what is piped in, and for <c>edit</c> the sed script that the editor runs.</summary>
internal sealed record KubectlCommand(string[] Arguments, string Input = "", string? Edit = null);
