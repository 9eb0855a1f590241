// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>The configurations of admission webhooks.</summary>
internal sealed partial class WebhookStrategy : ResourceStrategy
{
    private const string Form = "; desired format: https://host[/path]";

    private static readonly string[] ReviewVersions = ["v1", "v1beta1"];

    private readonly bool _isMutating;

    public WebhookStrategy(bool isMutating) => _isMutating = isMutating;

    public override bool HasGeneration => true;

    public override bool AllowUnconditionalUpdate => false;

    public override bool ChangesGeneration(JsonObject obj, JsonObject old) => !JsonNode.DeepEquals(obj["webhooks"], old["webhooks"]);

    public override void ApplyDefaults(JsonObject obj)
    {
        DropEmpty(obj, "webhooks");
        foreach (var webhook in obj.Objects("webhooks"))
        {
            DropEmpty(webhook, "rules");
            DropEmpty(webhook, "matchConditions");
            DropEmpty(webhook.Map("clientConfig"), "caBundle");
            webhook.Default("failurePolicy", "Fail");
            webhook.Default("matchPolicy", "Equivalent");
            webhook.Default("namespaceSelector", new JsonObject());
            webhook.Default("objectSelector", new JsonObject());
            webhook.Default("timeoutSeconds", 10);
            if (_isMutating)
            {
                webhook.Default("reinvocationPolicy", "Never");
            }

            foreach (var rule in webhook.Objects("rules"))
            {
                rule.Default("scope", "*");
            }

            if (webhook.Map("clientConfig", "service") is { } service)
            {
                service.Default("port", 443);
            }
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var webhook in obj.Objects("webhooks"))
        {
            var at = $"webhooks[{index++}]";
            ValidateName(webhook.Text("name") ?? string.Empty, $"{at}.name", names, errors);
            ValidateVersions(webhook, $"{at}.admissionReviewVersions", errors);
            ValidateRules(webhook, $"{at}.rules", errors);
            Supported(webhook, at, "failurePolicy", errors, "Fail", "Ignore");
            Supported(webhook, at, "matchPolicy", errors, "Equivalent", "Exact");
            if (webhook.Text("sideEffects") is null)
            {
                errors.Add(Required($"{at}.sideEffects", "must specify one of None, NoneOnDryRun"));
            }

            Supported(webhook, at, "sideEffects", errors, "None", "NoneOnDryRun");
            if (webhook.Number("timeoutSeconds") is (< 1 or > 30) and { } seconds)
            {
                errors.Add(InvalidValue($"{at}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds"));
            }

            Supported(webhook, at, "reinvocationPolicy", errors, "IfNeeded", "Never");
            ValidateClient(obj, webhook.Map("clientConfig"), $"{at}.clientConfig", errors);
            if (webhook.List("matchConditions") is { Count: > 0 })
            {
                errors.Add(Forbidden($"{at}.matchConditions", "the embedded API server does not evaluate them; use rules and selectors"));
            }
        }
    }

    private static void DropEmpty(JsonObject? map, string name)
    {
        if (map?[name] is JsonArray { Count: 0 } || map.Text(name) is "")
        {
            map!.Remove(name);
        }
    }

    private static void ValidateName(string name, string field, HashSet<string> names, List<FieldError> errors)
    {
        if (name.Length == 0)
        {
            errors.Add(Required(field));
        }
        else if (ObjectNames.SubdomainErrors(name) is { Count: > 0 } wrong)
        {
            errors.AddRange(wrong.Select(why => InvalidValue(field, name, why)));
        }
        else if (name.Split('.').Length < 3)
        {
            errors.Add(InvalidValue(field, name, "should be a domain with at least three segments separated by dots"));
        }
        else if (!names.Add(name))
        {
            errors.Add(FieldError.Duplicate(field, name));
        }
    }

    private static void ValidateVersions(JsonObject webhook, string field, List<FieldError> errors)
    {
        var versions = webhook.Texts("admissionReviewVersions").ToList();
        if (versions.Count == 0)
        {
            errors.Add(Required(field, "must specify one of v1, v1beta1"));
            return;
        }

        for (var i = 0; i < versions.Count; i++)
        {
            if (versions.IndexOf(versions[i]) < i)
            {
                errors.Add(InvalidValue($"{field}[{i}]", versions[i], "duplicate version"));
            }
            else
            {
                errors.AddRange(ObjectNames.ServiceErrors(versions[i]).Select(why => InvalidValue($"{field}[{i}]", versions[i], why)));
            }
        }

        if (!versions.Exists(version => ReviewVersions.Contains(version, StringComparer.Ordinal)))
        {
            errors.Add(InvalidValue(field, versions.ToJsonArray(), "must include at least one of v1, v1beta1"));
        }
        else if (!versions.Contains("v1", StringComparer.Ordinal))
        {
            errors.Add(Forbidden(field, "the embedded API server asks in v1 alone: add it"));
        }
    }

    private static void ValidateRules(JsonObject webhook, string field, List<FieldError> errors)
    {
        var index = 0;
        foreach (var rule in webhook.Objects("rules"))
        {
            var at = $"{field}[{index++}]";
            ValidateList(rule, at, "apiGroups", "API groups", mayBeEmpty: true, errors);
            ValidateList(rule, at, "apiVersions", "API versions", mayBeEmpty: false, errors);
            ValidateResources(rule, $"{at}.resources", errors);
            ValidateList(rule, at, "operations", "operations", mayBeEmpty: false, errors);
            var operations = rule.Texts("operations").ToList();
            for (var i = 0; i < operations.Count; i++)
            {
                if (operations[i] is not ("*" or "CREATE" or "UPDATE" or "DELETE" or "CONNECT"))
                {
                    errors.Add(NotSupported($"{at}.operations[{i}]", operations[i], "*", "CONNECT", "CREATE", "DELETE", "UPDATE"));
                }
            }

            Supported(rule, at, "scope", errors, "*", "Cluster", "Namespaced");
        }
    }

    private static void ValidateList(JsonObject rule, string at, string name, string what, bool mayBeEmpty, List<FieldError> errors)
    {
        var values = rule.Texts(name).ToList();
        if (values.Count == 0)
        {
            errors.Add(Required($"{at}.{name}"));
        }
        else if (values.Count > 1 && values.Contains("*", StringComparer.Ordinal))
        {
            errors.Add(InvalidValue($"{at}.{name}", values.ToJsonArray(), $"if '*' is present, must not specify other {what}"));
        }

        for (var i = 0; i < values.Count && !mayBeEmpty; i++)
        {
            if (values[i].Length == 0)
            {
                errors.Add(Required($"{at}.{name}[{i}]"));
            }
        }
    }

    private static void ValidateResources(JsonObject rule, string field, List<FieldError> errors)
    {
        var values = rule.Texts("resources").ToList();
        if (values.Count == 0)
        {
            errors.Add(Required(field));
        }

        for (var i = 0; i < values.Count; i++)
        {
            var parts = values[i].Split('/', 2);
            if (values[i].Length == 0)
            {
                errors.Add(Required($"{field}[{i}]"));
            }
            else if (parts.Length == 2)
            {
                var covering = new[] { $"{parts[0]}/*", $"*/{parts[1]}" }.FirstOrDefault(other => other != values[i] && values.IndexOf(other) is >= 0 and var found && found < i);
                if (covering is not null && values[i] != "*/*")
                {
                    errors.Add(InvalidValue($"{field}[{i}]", values[i], $"if '{covering}' is present, must not specify {values[i]}"));
                }
            }
        }

        if (values.Count > 1 && values.Contains("*/*", StringComparer.Ordinal))
        {
            errors.Add(InvalidValue(field, values.ToJsonArray(), "if '*/*' is present, must not specify other resources"));
        }

        if (values.Contains("*", StringComparer.Ordinal) && values.Exists(value => value != "*" && !value.Contains('/', StringComparison.Ordinal)))
        {
            errors.Add(InvalidValue(field, values.ToJsonArray(), "if '*' is present, must not specify other resources without subresources"));
        }
    }

    private static void ValidateClient(JsonObject obj, JsonObject? client, string field, List<FieldError> errors)
    {
        var (url, service) = (client.Text("url"), client.Map("service"));
        if ((url is null) == (service is null))
        {
            errors.Add(Required(field, "exactly one of url or service is required"));
        }
        else if (url is not null)
        {
            ValidateAddress(url, $"{field}.url", errors);
        }
        else
        {
            foreach (var name in (ReadOnlySpan<string>)["name", "namespace"])
            {
                if (string.IsNullOrEmpty(service.Text(name)))
                {
                    errors.Add(Required($"{field}.service.{name}"));
                }
            }

            if (service.Number("port") is (< 1 or > 65535) and { } port)
            {
                errors.Add(InvalidValue($"{field}.service.port", port, "port is not valid: must be between 1 and 65535, inclusive"));
            }

            if (service.Text("path") is { Length: > 0 } path && path[0] != '/')
            {
                errors.Add(InvalidValue($"{field}.service.path", path, "must start with a '/'"));
            }
        }

        if (client.Text("caBundle") is { } bundle && !Convert.TryFromBase64String(bundle, new byte[bundle.Length], out _))
        {
            var kind = obj.Text("kind");
            throw Refusal.BadRequest($"{kind} in version \"v1\" cannot be handled as a {kind}: illegal base64 data at input byte 0");
        }
    }

    private static void ValidateAddress(string url, string field, List<FieldError> errors)
    {
        var parts = AddressPattern().Match(url);
        if (!parts.Success)
        {
            errors.Add(Required(field, $"url must be a valid URL: parse \"{url}\": missing protocol scheme{Form}"));
            return;
        }

        if (parts.Groups["scheme"].Value is not "https" and var scheme)
        {
            errors.Add(InvalidValue(field, scheme, $"'https' is the only allowed URL scheme{Form}"));
        }

        if (parts.Groups["host"].Value.Length == 0)
        {
            errors.Add(InvalidValue(field, string.Empty, $"host must be specified{Form}"));
        }

        Absent("user", "user information is not permitted in the URL");
        Absent("fragment", "fragments are not permitted in the URL");
        Absent("query", "query parameters are not permitted in the URL");

        void Absent(string part, string why)
        {
            if (parts.Groups[part] is { Success: true, Value: var value })
            {
                errors.Add(InvalidValue(field, value, why));
            }
        }
    }

    private static void Supported(JsonObject map, string at, string name, List<FieldError> errors, params string[] values)
    {
        if (map.Text(name) is { } value && !values.Contains(value, StringComparer.Ordinal))
        {
            errors.Add(NotSupported($"{at}.{name}", value, values));
        }
    }

    [GeneratedRegex(@"\A(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://((?<user>[^/@]*)@)?(?<host>[^/?#]*)(/[^?#]*)?(\?(?<query>[^#]*))?(#(?<fragment>.*))?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AddressPattern();
}
