// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Http;

/// <summary>Refused patches as Status objects.</summary>
internal static class PatchErrors
{
    public static JsonObject Conflict(ApplyConflictException conflict) =>
        new StatusException(409, "Conflict", conflict.Message, new JsonObject
        {
            ["causes"] = new JsonArray([.. conflict.Causes.Select(cause => (JsonNode)new JsonObject
            {
                ["reason"] = "FieldManagerConflict",
                ["message"] = cause.Message,
                ["field"] = cause.Field,
            })]),
        }).ToStatus();

    public static StatusException Refused(PatchException refused) =>
        new(refused.Code, refused.Reason, refused.Message, refused.Code == 422 ? [] : null);
}
