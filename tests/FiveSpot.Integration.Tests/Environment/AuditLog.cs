// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What a real API server notes of the controller and the reclaim agent: what they asked for, and by which right.</summary>
/// <param name="file">Where it does.</param>
internal sealed class AuditLog(string file)
{
    /// <summary>Of Machines what was sent is noted too: who owns them is in it. Of everybody else nothing is.</summary>
    public const string Policy = $$"""
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
          - level: Request
            users: ["{{Accounts.Controller}}"]
            resources: [{group: cluster.x-k8s.io, resources: [machines]}]
          - level: Metadata
            users: ["{{Accounts.Controller}}", "{{Accounts.Agent}}"]
          - level: None
        """;

    /// <summary>How much was noted up to now.</summary>
    public long Length => File.Exists(file) ? new FileInfo(file).Length : 0;

    /// <summary>What was noted after a length.</summary>
    public IReadOnlyList<Entry> Since(long length)
    {
        if (Length <= length)
        {
            return [];
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = length;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // The last line may be on its way.
        return [.. reader.ReadToEnd().Split('\n')[..^1].Select(line => new Entry(JsonNode.Parse(line)!.AsObject()))];
    }

    /// <summary>One request.</summary>
    internal sealed class Entry(JsonObject json)
    {
        /// <summary>Who asked.</summary>
        public string User => (string)json["user"]!["username"]!;

        /// <summary>The verb of RBAC.</summary>
        public string Verb => (string)json["verb"]!;

        /// <summary>The API group; empty for the core one.</summary>
        public string Group => Of("apiGroup");

        /// <summary>The resource, with its subresource as RBAC writes it; empty where a path was asked for, as of discovery.</summary>
        public string Resource => Of("subresource") is { Length: > 0 } subresource ? $"{Of("resource")}/{subresource}" : Of("resource");

        /// <summary>What was answered.</summary>
        public int Code => (int?)json["responseStatus"]?["code"] ?? 0;

        /// <summary>What was sent, where that is noted.</summary>
        public JsonNode? Body => json["requestObject"];

        /// <summary>Whether nothing gave them the right to it.</summary>
        public bool IsRefused => (string?)json["annotations"]?["authorization.k8s.io/decision"] == "forbid";

        /// <summary>Which binding gave them the right to it, in the server's words.</summary>
        public string By => (string?)json["annotations"]?["authorization.k8s.io/reason"] ?? "";

        /// <inheritdoc/>
        public override string ToString() => $"{User} {Verb} {json["requestURI"]}: {Code}";

        private string Of(string field) => (string?)json["objectRef"]?[field] ?? "";
    }
}
