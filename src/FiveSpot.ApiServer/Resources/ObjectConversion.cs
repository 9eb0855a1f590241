// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Two forms of one object; each function returns a new object.</summary>
internal sealed record ObjectConversion(Func<JsonObject, JsonObject> FromStorage, Func<JsonObject, JsonObject> ToStorage)
{
    private static readonly (string Core, string Events)[] EventFields =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        ("reportingComponent", "reportingController"),
    ];

    /// <summary>Events are kept as <c>v1</c> and served as <c>events.k8s.io/v1</c> too.</summary>
    public static readonly ObjectConversion Events = new(
        core => Rename(core, "events.k8s.io/v1", fromCore: true),
        events => Rename(events, "v1", fromCore: false));

    private static JsonObject Rename(JsonObject from, string apiVersion, bool fromCore)
    {
        var to = new JsonObject { ["kind"] = "Event", ["apiVersion"] = apiVersion };
        foreach (var (name, value) in from)
        {
            if (name is not ("kind" or "apiVersion"))
            {
                to[NameOf(name, fromCore)] = value?.DeepClone();
            }
        }

        return to;
    }

    private static string NameOf(string name, bool fromCore)
    {
        foreach (var (core, events) in EventFields)
        {
            if (name == (fromCore ? core : events))
            {
                return fromCore ? events : core;
            }
        }

        return name;
    }
}
