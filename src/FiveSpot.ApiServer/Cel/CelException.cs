// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A CEL expression that can't be compiled. The message is laid out as kube-apiserver prints it, with the
/// source line and a caret under the place.</summary>
public sealed class CelException : Exception
{
    /// <summary>Makes the exception from its parts.</summary>
    /// <param name="source">The whole expression.</param>
    /// <param name="position">0-based offset into <paramref name="source"/>, in UTF-16 units.</param>
    /// <param name="problem">What is wrong, without the place.</param>
    public CelException(string source, int position, string problem)
        : base(Render(source, position, problem))
    {
        Position = position;
        Problem = problem;
    }

    /// <summary>0-based offset into the expression.</summary>
    public int Position { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    private static string Render(string source, int position, string problem)
    {
        position = Math.Clamp(position, 0, source.Length);
        var lineStart = position == 0 ? 0 : source.LastIndexOf('\n', position - 1) + 1;
        var lineEnd = source.IndexOf('\n', position);
        var line = source[lineStart..(lineEnd < 0 ? source.Length : lineEnd)];
        var number = 1 + source.AsSpan(0, lineStart).Count('\n');
        var column = position - lineStart;
        return $"ERROR: <input>:{number}:{column + 1}: {problem}\n | {line}\n | {new string('.', column)}^";
    }
}
