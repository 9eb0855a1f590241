// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Rules;

/// <summary>
/// The forms of names, as <see cref="Patterns"/> has them, in one pass over the characters and without allocation.
/// </summary>
internal static class KubernetesNames
{
    /// <summary>A DNS subdomain (RFC 1123) of at most 253 characters.</summary>
    public static bool IsSubdomain(ReadOnlySpan<char> text, bool anyCase = false)
    {
        if (text.Length is 0 or > Limits.Subdomain)
        {
            return false;
        }

        foreach (var label in text.Split('.'))
        {
            if (!IsDnsLabel(text[label], anyCase))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Letters, digits and <c>-</c>, the first and last a letter or digit. Of any length.</summary>
    public static bool IsDnsLabel(ReadOnlySpan<char> text, bool anyCase = false)
    {
        foreach (var c in text)
        {
            if (!IsLetterOrDigit(c) && c != '-')
            {
                return false;
            }
        }

        return !text.IsEmpty && IsLetterOrDigit(text[0]) && IsLetterOrDigit(text[^1]);

        bool IsLetterOrDigit(char c) => anyCase ? char.IsAsciiLetterOrDigit(c) : IsLowerOrDigit(c);
    }

    /// <summary>A label's or a taint's value: empty, or as the name part of a key.</summary>
    public static bool IsLabelValue(ReadOnlySpan<char> text) => text.IsEmpty || IsNamePart(text);

    /// <summary>A qualified name: a name of at most 63 characters with an optional subdomain and slash before it.</summary>
    public static bool IsQualifiedName(ReadOnlySpan<char> text, bool anyCase = false)
    {
        var slash = text.IndexOf('/');
        return slash < 0
            ? IsNamePart(text)
            : IsSubdomain(text[..slash], anyCase) && IsNamePart(text[(slash + 1)..]);
    }

    /// <summary>A key of a label or annotation that is not the user's to set.</summary>
    public static bool IsReservedKey(ReadOnlySpan<char> key) =>
        PrefixOf(key) is var prefix
        && (prefix is "kubernetes.io" or "k8s.io"
            || IsOrEndsIn(prefix, "cluster.x-k8s.io")
            || IsOrEndsIn(prefix, WellKnown.Group));

    /// <summary>A key of a taint that is not the user's to set.</summary>
    public static bool IsReservedTaintKey(ReadOnlySpan<char> key) =>
        PrefixOf(key) is WellKnown.Group or "kubernetes.io" or "node.kubernetes.io" or "node-role.kubernetes.io";

    /// <summary><c>group/version</c> with the group given or <c>k0smotron.io</c>.</summary>
    public static bool IsApiVersionOf(ReadOnlySpan<char> text, string group)
    {
        var slash = text.IndexOf('/');
        if (slash < 0 || slash == text.Length - 1)
        {
            return false;
        }

        return WellKnown.IsProviderGroup(text[..slash], group)
            && char.IsAsciiLetterLower(text[slash + 1])
            && IsDnsLabel(text[(slash + 1)..]);
    }

    /// <summary>A kind: letters, digits and <c>-</c>, the first a letter, the last no <c>-</c>. Of any length.</summary>
    public static bool IsKind(ReadOnlySpan<char> text) => IsDnsLabel(text, anyCase: true) && char.IsAsciiLetter(text[0]);

    private static bool IsNamePart(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > Limits.LabelValue)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
    }

    private static ReadOnlySpan<char> PrefixOf(ReadOnlySpan<char> key) =>
        key.IndexOf('/') is var slash and >= 0 ? key[..slash] : default;

    private static bool IsOrEndsIn(ReadOnlySpan<char> prefix, ReadOnlySpan<char> domain) =>
        prefix.EndsWith(domain) && (prefix.Length == domain.Length || prefix[^(domain.Length + 1)] == '.');

    private static bool IsLowerOrDigit(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
