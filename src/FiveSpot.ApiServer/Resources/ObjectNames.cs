// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.ApiServer.Resources;

/// <summary>What Kubernetes allows as names, label keys and label values; each check returns what is wrong, in kube's words.</summary>
internal static partial class ObjectNames
{
    private const string SubdomainRule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string LabelRule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string Dns1035Rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private const string NamePartRule = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string LabelValueRule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    public static IReadOnlyList<string> SubdomainErrors(string name) => Check(name, 253, SubdomainPattern(), SubdomainRule);

    public static IReadOnlyList<string> LabelErrors(string name) => Check(name, 63, LabelPattern(), LabelRule);

    public static IReadOnlyList<string> ServiceErrors(string name) => Check(name, 63, Dns1035Pattern(), Dns1035Rule);

    /// <summary>What may stand in a path at all; the rule of RBAC names.</summary>
    public static IReadOnlyList<string> PathSegmentErrors(string name) => name switch
    {
        "." or ".." => [$"may not be '{name}'"],
        _ when name.Contains('/', StringComparison.Ordinal) => ["may not contain '/'"],
        _ when name.Contains('%', StringComparison.Ordinal) => ["may not contain '%'"],
        _ => [],
    };

    public static IReadOnlyList<string> QualifiedNameErrors(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            return ["a valid label key " + NamePartRule["name part ".Length..] + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }

        var errors = new List<string>();
        if (parts.Length == 2)
        {
            errors.AddRange(parts[0].Length == 0 ? ["prefix part must be non-empty"] : SubdomainErrors(parts[0]).Select(error => "prefix part " + error));
        }

        var name = parts[^1];
        if (name.Length == 0)
        {
            errors.Add("name part must be non-empty");
        }
        else if (name.Length > 63)
        {
            errors.Add("name part must be no more than 63 characters");
        }

        if (!NamePartPattern().IsMatch(name))
        {
            errors.Add(NamePartRule);
        }

        return errors;
    }

    public static IReadOnlyList<string> LabelValueErrors(string value)
    {
        var errors = new List<string>();
        if (value.Length > 63)
        {
            errors.Add("must be no more than 63 characters");
        }

        if (value.Length > 0 && !NamePartPattern().IsMatch(value))
        {
            errors.Add(LabelValueRule);
        }

        return errors;
    }

    private static List<string> Check(string name, int longest, Regex pattern, string rule)
    {
        var errors = new List<string>();
        if (name.Length > longest)
        {
            errors.Add($"must be no more than {longest} characters");
        }

        if (!pattern.IsMatch(name))
        {
            errors.Add(rule);
        }

        return errors;
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.ExplicitCapture)]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Dns1035Pattern();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePartPattern();
}
