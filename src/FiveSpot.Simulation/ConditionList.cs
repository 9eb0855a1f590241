// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>
/// The conditions that an object should have: those that it has, with what one controller says of it. Those of others stay.
/// </summary>
/// <param name="seen">The conditions that it has.</param>
/// <param name="now">When a status that is another one began.</param>
internal sealed class ConditionList(IEnumerable<JsonObject> seen, DateTimeOffset now)
{
    private readonly SortedDictionary<string, JsonObject> _conditions =
        new(seen.ToDictionary(condition => condition.Text("type")!, condition => condition.Copy()), ByType.Instance);

    /// <summary>Says what is so, as Kubernetes says it.</summary>
    /// <param name="type">Of what.</param>
    /// <param name="status">Whether it is; null for unknown.</param>
    /// <param name="reason">Why, in a word.</param>
    /// <param name="message">Why, in words.</param>
    public ConditionList Set(string type, bool? status, string reason, string message = "")
    {
        var condition = Begin(type, status);
        condition["reason"] = reason;
        condition["message"] = message;
        _conditions[type] = condition;
        return this;
    }

    /// <summary>The same, as Cluster API said it before: a reason is there only where it is not so.</summary>
    public ConditionList SetOld(string type, bool? status, string reason = "", string message = "", string severity = "Info")
    {
        var condition = Begin(type, status);
        if (status != true)
        {
            foreach (var (field, text) in ((string, string)[])[("reason", reason), ("message", message), ("severity", status == false ? severity : "")])
            {
                if (text.Length > 0)
                {
                    condition[field] = text;
                }
            }
        }

        _conditions[type] = condition;
        return this;
    }

    /// <summary>The status of one; null for unknown, or where there is none.</summary>
    public bool? this[string type] => Find(type)?.Text("status") switch
    {
        "True" => true,
        "False" => false,
        _ => null,
    };

    public JsonObject? Find(string type) => _conditions.GetValueOrDefault(type);

    public JsonArray ToJson() => new([.. _conditions.Values.Select(condition => condition.DeepClone())]);

    private JsonObject Begin(string type, bool? status)
    {
        var text = status switch { true => "True", false => "False", null => "Unknown" };
        var before = Find(type);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = text,
            ["lastTransitionTime"] = before.Text("status") == text ? before.Text("lastTransitionTime") : now.ToKubernetesTime(),
        };
    }

    // Ready is the first.
    private sealed class ByType : IComparer<string>
    {
        public static readonly ByType Instance = new();

        public int Compare(string? x, string? y) => (x == "Ready", y == "Ready") switch
        {
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(x, y),
        };
    }
}
