// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Events, through either of their groups: <c>events.k8s.io</c> is the strict one.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    private static readonly string[] CoreFields =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ];

    private static readonly string[] NewFields =
    [
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
        "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
    ];

    private readonly bool _isCore;

    public EventStrategy(bool isCore) => _isCore = isCore;

    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<string> SelectableFields => _isCore ? CoreFields : NewFields;

    public override string FieldValue(JsonObject stored, string field) => field switch
    {
        "source" => stored.Text("source", "component") ?? stored.Text("reportingComponent") ?? string.Empty,
        "reportingController" => base.FieldValue(stored, "reportingComponent"),
        _ when field.StartsWith("regarding.", StringComparison.Ordinal) => base.FieldValue(stored, "involvedObject" + field["regarding".Length..]),
        _ => base.FieldValue(stored, field),
    };

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (!_isCore && obj.Text("eventTime") is null)
        {
            errors.Add(Required("eventTime"));
            CheckType(obj, errors);
            return;
        }

        var regarding = _isCore ? "involvedObject" : "regarding";
        var about = obj.Text(regarding, "namespace") ?? string.Empty;
        var home = obj.Metadata().Text("namespace") ?? string.Empty;
        if (_isCore && (about.Length == 0 ? home is not ("default" or "kube-system") : about != home))
        {
            errors.Add(InvalidValue("involvedObject.namespace", about, "does not match event.namespace"));
        }

        if (_isCore)
        {
            return;
        }

        if (old is not null)
        {
            foreach (var field in (ReadOnlySpan<string>)["regarding", "reason", "note", "action", "eventTime", "reportingController", "reportingInstance", "type", "related"])
            {
                Immutable(obj, old, errors, field);
            }
        }

        RequireText(obj, "reportingController", 253, errors);
        RequireText(obj, "reportingInstance", 128, errors);
        RequireText(obj, "action", 128, errors);
        RequireText(obj, "reason", 128, errors);
        if (obj.Text("reportingController") is { Length: > 0 } controller && ObjectNames.QualifiedNameErrors(controller) is [var why, ..])
        {
            errors.Add(InvalidValue("reportingController", controller, why));
        }

        if ((obj.Text("note")?.Length ?? 0) > 1024)
        {
            errors.Add(InvalidValue("message", string.Empty, "can have at most 1024 characters"));
        }

        CheckType(obj, errors);
        if (obj.Map("series") is { } series)
        {
            if ((series.Number("count") ?? 0) < 2)
            {
                errors.Add(InvalidValue("series.count", string.Empty, "should be at least 2"));
            }

            if (series.Text("lastObservedTime") is null)
            {
                errors.Add(Required("series.lastObservedTime"));
            }
        }
    }

    private static void CheckType(JsonObject obj, List<FieldError> errors)
    {
        if (obj.Text("type") is not ("Normal" or "Warning"))
        {
            errors.Add(InvalidValue("type", string.Empty, $"has invalid value: {obj.Text("type")}"));
        }
    }

    private static void RequireText(JsonObject obj, string field, int longest, List<FieldError> errors)
    {
        var text = obj.Text(field) ?? string.Empty;
        if (text.Length == 0)
        {
            errors.Add(Required(field));
        }
        else if (text.Length > longest)
        {
            errors.Add(InvalidValue(field, string.Empty, $"can have at most {longest} characters"));
        }
    }
}
