// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>The embedded API server answers as a real kube-apiserver does, request by request.</summary>
public sealed class ConformanceTests
{
    private const string Namespace = """
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${ns}"}}
        """;

    public static TheoryData<string> Names => [.. AllConversations.List.Select(conversation => conversation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Answers_are_the_same(string name)
    {
        var conversation = AllConversations.List.Single(conversation => conversation.Name == name);
        using var lease = await KubeServers.RentAsync("conformance");
        await using var webhooks = await WebhookServer.StartAsync();
        await using var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "conformance" });
        using var embedded = new Participant(server.Address, server.CaPem, server.Token, conversation.Name, [], webhooks.Address);
        using var real = new Participant(
            lease.Server.Address,
            lease.Server.CertificatesPem,
            KubeApiServer.AdminToken,
            conversation.Name,
            [.. conversation.OlderNames.Where(older => lease.Version.Minor < older.Before)],
            webhooks.Address);

        var failures = new StringBuilder();
        var used = new HashSet<(Allowance, string)>();
        await Task.WhenAll(embedded.AskAsync(NewNamespace), real.AskAsync(NewNamespace));
        foreach (var step in conversation.Steps.Where(step => step.Since <= lease.Version.Minor))
        {
            var (one, other) = (embedded.AskAsync(step), real.AskAsync(step));
            try
            {
                await Task.WhenAll(one, other);
            }
            catch (TimeoutException waited)
            {
                // What came before may be why.
                failures.AppendLine($"  {step.Name}: {waited.Message} On the {(one.IsFaulted ? "embedded server" : "real one")}.");
                break;
            }

            var found = Compare(Tree(embedded, await one), Tree(real, await other))
                .Where(difference => !IsAllowed(conversation, step, difference.Path, lease.Version, used))
                .Select(difference => difference.ToString())
                .ToList();
            found.AddRange(Unneeded(step.Allowances, lease.Version, used));
            if (found.Count > 0)
            {
                failures.AppendLine($"  {step.Name}: {step.Method} {step.Path}").AppendJoin('\n', found).AppendLine();
            }
        }

        foreach (var unneeded in Unneeded(conversation.Allowances, lease.Version, used))
        {
            failures.AppendLine(unneeded);
        }

        if (failures.Length > 0)
        {
            Assert.Fail($"The embedded API server differs from kube-apiserver {lease.Version} in \"{name}\".\n{failures}");
        }
    }

    private static Step NewNamespace => Step.Post("namespace", "/api/v1/namespaces", Namespace);

    private static JsonObject Tree(Participant participant, Answer answer) =>
        (answer with { Body = participant.Normalizer.Normalize(answer.Body) }).ToTree();

    /// <summary>Where even the code differs, the rest is another matter: one difference, not one a field.</summary>
    private static IEnumerable<Comparison.Difference> Compare(JsonObject embedded, JsonObject real)
    {
        var found = Comparison.Compare(embedded, real);
        return found.Any(difference => difference.Path == "code")
            ? found.Where(difference => difference.Path == "code").Append(new Comparison.Difference("body", Text(embedded), Text(real)))
            : found;

        static string Text(JsonObject tree) => tree["body"]?.ToJsonString() ?? "null";
    }

    private static bool IsAllowed(Conversation conversation, Step step, string path, Version version, HashSet<(Allowance, string)> used)
    {
        var allowed = false;
        foreach (var allowance in step.Allowances.Concat(conversation.Allowances).Where(allowance => allowance.Holds(version)))
        {
            foreach (var covering in allowance.Covering(path))
            {
                used.Add((allowance, covering));
                allowed = true;
            }
        }

        return allowed;
    }

    private static IEnumerable<string> Unneeded(IEnumerable<Allowance> allowances, Version version, HashSet<(Allowance, string)> used) =>
        from allowance in allowances
        where allowance.IsChecked(version)
        from path in allowance.Paths
        where !used.Contains((allowance, path))
        select $"    {path}\n      does not differ, so {allowance.Id} need not be declared";
}
