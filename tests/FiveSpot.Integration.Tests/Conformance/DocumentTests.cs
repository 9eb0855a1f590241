// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>The suite is as large as it says, and the document has the differences that the suite has, no more and no fewer.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void At_least_150_requests_are_compared_with_the_oldest_server() =>
        AllConversations.List.Sum(conversation => conversation.Steps.Count(step => step.Since <= 20)).ShouldBeGreaterThanOrEqualTo(150);

    [Fact]
    public void Every_known_difference_is_in_the_document_and_every_one_there_is_known()
    {
        var declared = AllConversations.List
            .SelectMany(conversation => conversation.Allowances
                .Concat(conversation.Steps.SelectMany(step => step.Allowances))
                .Select(allowance => allowance.Id)
                .Concat(conversation.OlderNames.Select(older => older.Id)))
            .Concat(KubectlSessions.All.SelectMany(session => session.Commands).SelectMany(command => command.Allowances).Select(allowance => allowance.Id))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        var documented = File.ReadLines(Document()).Select(line => RowPattern().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);
        documented.Order(StringComparer.Ordinal).ShouldBe(declared);
    }

    private static string Document([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/embedded-api-server.md"));

    [GeneratedRegex(@"\A\| `([a-z0-9-]+)` \|")]
    private static partial Regex RowPattern();
}
