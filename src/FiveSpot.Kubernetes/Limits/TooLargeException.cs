// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>A server says more than is taken from it.</summary>
/// <param name="message">One sentence, with the numbers.</param>
/// <param name="found">How much there was when it was given up.</param>
/// <param name="allowed">How much is allowed.</param>
public sealed class TooLargeException(string message, long found, long allowed) : Exception(message)
{
    /// <summary>How much there was, of what is bounded, when it was given up.</summary>
    public long Found { get; } = found;

    /// <summary>How much of it is allowed.</summary>
    public long Allowed { get; } = allowed;

    /// <summary>Whether it was one answer that was too large: smaller pages may do.</summary>
    public bool IsOneAnswer { get; init; }
}
