// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>One thing that is wrong with an object, worded as kube-apiserver's <c>field.Error</c>.</summary>
/// <param name="Type">The kind of error as it is printed: <c>Required value</c>, <c>Invalid value</c>, …</param>
/// <param name="Field">The path of the field, <c>&lt;nil&gt;</c> where kube-apiserver has none.</param>
/// <param name="Detail">What is wrong; may be empty.</param>
/// <param name="BadValue">The offending value, for the types that print one.</param>
public sealed record FieldError(string Type, string Field, string Detail, JsonNode? BadValue)
{
    /// <summary>The path that kube-apiserver prints for errors that it can't place.</summary>
    public const string NoField = "<nil>";

    /// <summary>The cause's reason in a Status: <c>FieldValueRequired</c>, <c>FieldValueInvalid</c>, …</summary>
    public string Reason
    {
        get => field ?? Type switch
        {
            "Required value" => "FieldValueRequired",
            "Unsupported value" => "FieldValueNotSupported",
            "Duplicate value" => "FieldValueDuplicate",
            "Not found" => "FieldValueNotFound",
            "Forbidden" => "FieldValueForbidden",
            "Too long" => "FieldValueTooLong",
            "Too many" => "FieldValueTooMany",
            "Internal error" => "InternalError",
            _ => "FieldValueInvalid",
        };
        init;
    }

    /// <summary>The error without the field's path: the <c>message</c> of a Status cause.</summary>
    public string Body
    {
        get
        {
            var text = Type is "Required value" or "Forbidden" or "Too long" or "Internal error" || OmitsValue ? Type
                : $"{Type}: {Printed(BadValue)}";
            return Detail.Length == 0 ? text : $"{text}: {Detail}";
        }
    }

    /// <summary>Whether the offending value is too large to print.</summary>
    public bool OmitsValue { get; init; }

    /// <summary>Whether CEL rules are not run on an object that has this error.</summary>
    public bool BlocksRules => Reason is "FieldValueNotSupported" or "FieldValueRequired" or "FieldValueTooLong"
        or "FieldValueTooMany" or "FieldValueTypeInvalid";

    /// <summary>A field that must be there is not.</summary>
    public static FieldError Required(string field, string detail = "") => new("Required value", field, detail, null);

    /// <summary>A value that breaks a rule.</summary>
    public static FieldError Invalid(string field, JsonNode? value, string detail) => new("Invalid value", field, detail, value);

    /// <summary>A value of the wrong type.</summary>
    public static FieldError TypeInvalid(string field, JsonNode? value, string detail) =>
        new("Invalid value", field, detail, value) { Reason = "FieldValueTypeInvalid" };

    /// <summary>A value that is none of those allowed.</summary>
    public static FieldError NotSupported(string field, JsonNode? value, IEnumerable<string> supported) =>
        new("Unsupported value", field, $"supported values: {string.Join(", ", supported.Select(GoText.Quote))}", value);

    /// <summary>A value that may be there only once.</summary>
    public static FieldError Duplicate(string field, JsonNode? value) => new("Duplicate value", field, "", value);

    /// <summary>Something that is not allowed.</summary>
    public static FieldError Forbidden(string field, string detail) => new("Forbidden", field, detail, null);

    /// <summary>A string with too many characters.</summary>
    public static FieldError TooLong(string field, long most) =>
        new("Too long", field, $"may not be more than {most} {(most == 1 ? "byte" : "bytes")}", null);

    /// <summary>A list or map with too many entries.</summary>
    public static FieldError TooMany(string field, long actual, long most) =>
        new("Too many", field, $"must have at most {most} {(most == 1 ? "item" : "items")}", JsonValue.Create(actual));

    /// <inheritdoc/>
    public override string ToString() => $"{Field}: {Body}";

    private static string Printed(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject or JsonArray => GoText.Json(value),
        _ => GoText.Scalar(value),
    };
}
