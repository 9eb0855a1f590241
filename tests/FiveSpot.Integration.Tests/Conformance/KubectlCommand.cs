// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// One command: what is typed, what is piped in, and for <c>edit</c> the sed script that the editor runs. Real servers of a
/// minor version before <paramref name="Since"/> are not asked.
/// </summary>
internal sealed record KubectlCommand(string[] Arguments, string Input = "", string? Edit = null, int Since = 0)
{
    public IReadOnlyList<Allowance> Allowances { get; private init; } = [];

    public KubectlCommand From(int minor) => this with { Since = minor };

    /// <summary>
    /// Lets a part of the outcome (<c>code</c>, <c>output</c>, <c>errors</c>) differ from that with a real server older than the
    /// one that the embedded server is like. The document says why, by the id.
    /// </summary>
    public KubectlCommand DiffersFromOlder(string id, params string[] parts) =>
        this with { Allowances = [.. Allowances, new Allowance(id, parts, AllowanceScope.Older)] };

    public override string ToString() => $"kubectl {string.Join(' ', Arguments)}";
}
