// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>How Kubernetes writes a property's name as a CEL identifier.</summary>
public static class CelNames
{
    private static readonly HashSet<string> Reserved =
    [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ];

    /// <summary>Whether CEL keeps <paramref name="name"/> for itself as an identifier.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);

    /// <summary>The identifier for a property, or null if it has none (a name with a space, say).</summary>
    public static string? Escape(string name)
    {
        if (Reserved.Contains(name))
        {
            return $"__{name}__";
        }

        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            return null;
        }

        var result = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            switch (name[i])
            {
                case '_' when i + 1 < name.Length && name[i + 1] == '_':
                    result.Append("__underscores__");
                    i++;
                    break;
                case '.':
                    result.Append("__dot__");
                    break;
                case '-':
                    result.Append("__dash__");
                    break;
                case '/':
                    result.Append("__slash__");
                    break;
                case var c when char.IsAsciiLetterOrDigit(c) || c == '_':
                    result.Append(c);
                    break;
                default:
                    return null;
            }
        }

        return result.ToString();
    }
}
