// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Admission;

/// <summary>The question and the answer of <c>admission.k8s.io/v1</c>.</summary>
internal static class AdmissionReview
{
    private const string Version = "admission.k8s.io/v1";
    private const string Kind = "AdmissionReview";

    /// <summary>The question; <paramref name="asked"/> is the version of the resource that <paramref name="obj"/> and <paramref name="old"/> are in.</summary>
    public static JsonObject Ask(AdmissionRequest request, Resource asked, JsonObject? obj, JsonObject? old)
    {
        var question = new JsonObject { ["uid"] = Guid.NewGuid().ToString() };
        Place(question, "kind", "resource", "subResource", request, asked);
        Place(question, "requestKind", "requestResource", "requestSubResource", request, request.Resource);
        AddText(question, "name", request.Name);
        AddText(question, "namespace", request.Namespace);
        question["operation"] = request.Operation;
        question["userInfo"] = new JsonObject { ["username"] = request.User, ["groups"] = ReviewHandlers.GroupsOf(request.User) };
        question["object"] = obj?.DeepClone();
        question["oldObject"] = old?.DeepClone();
        question["dryRun"] = request.DryRun;
        question["options"] = request.Options();
        return new JsonObject { ["kind"] = Kind, ["apiVersion"] = Version, ["request"] = question };
    }

    /// <summary>The answer's <c>response</c>, of the right form.</summary>
    /// <exception cref="WebhookException">It is not.</exception>
    public static JsonObject Answer(AdmissionWebhook webhook, JsonObject question, JsonObject answer)
    {
        if (answer.Map("response") is not { } response)
        {
            throw WebhookException.Invalid("webhook response was absent");
        }

        var (version, kind) = (answer.Text("apiVersion") ?? string.Empty, answer.Text("kind") ?? string.Empty);
        if (version != Version || kind != Kind)
        {
            throw WebhookException.Invalid($"expected webhook response of {Version}, Kind={Kind}, got {(version.Contains('/', StringComparison.Ordinal) ? version : "/" + version)}, Kind={kind}");
        }

        if ((response.Text("uid") ?? string.Empty) is var uid && uid != question.Text("request", "uid"))
        {
            throw WebhookException.Invalid($"expected response.uid=\"{question.Text("request", "uid")}\", got \"{uid}\"");
        }

        if (!webhook.IsMutating && (response.Text("patch") ?? response.Text("patchType")) is not null)
        {
            throw WebhookException.Invalid(response.Text("patch") is not null
                ? "validating webhook may not return response.patch"
                : "validating webhook may not return response.patchType");
        }

        if (response.Text("patch") is not null && response.Text("patchType") is not "JSONPatch" and var type)
        {
            throw WebhookException.Invalid(type is null
                ? "webhook returned response.patch but not response.patchType"
                : $"invalid response.patchType of \"{type}\"");
        }

        return response;
    }

    /// <summary>The refusal that a webhook answered with, in its name.</summary>
    public static StatusException Refused(AdmissionWebhook webhook, JsonObject response)
    {
        var status = response.Map("status");
        var why = status.Text("message") is { Length: > 0 } message ? message : status.Text("reason");
        return new StatusException(
            (int)Math.Max(status.Number("code") ?? 0, 400),
            status.Text("reason") ?? string.Empty,
            $"admission webhook \"{webhook.Name}\" denied the request{(string.IsNullOrEmpty(why) ? " without explanation" : $": {why}")}",
            status.Map("details")?.Copy());
    }

    /// <summary>The JSON patch of an answer; null when it has none.</summary>
    /// <exception cref="WebhookException">It is none.</exception>
    public static JsonArray? PatchOf(JsonObject response)
    {
        if (response.Text("patch") is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            return JsonText.Parse(Convert.FromBase64String(text)) as JsonArray ?? throw new FormatException("json: cannot unmarshal into Go value of type jsonpatch.Patch");
        }
        catch (FormatException unreadable)
        {
            throw new WebhookException($"received undecodable patch in webhook response: {unreadable.Message}", unreadable);
        }
    }

    private static void Place(JsonObject question, string kind, string resource, string part, AdmissionRequest request, Resource of)
    {
        var (group, version, name) = request.OtherKind ?? (of.Group, of.Version, of.Kind);
        question[kind] = new JsonObject { ["group"] = group, ["version"] = version, ["kind"] = name };
        question[resource] = new JsonObject { ["group"] = of.Group, ["version"] = of.Version, ["resource"] = of.Plural };
        AddText(question, part, request.Subresource);
    }

    private static void AddText(JsonObject question, string name, string text)
    {
        if (text.Length > 0)
        {
            question[name] = text;
        }
    }
}
