// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>What the executable returns to its caller.</summary>
public static class ExitCode
{
    /// <summary>Ended as asked.</summary>
    public const int Clean = 0;

    /// <summary>Something went wrong.</summary>
    public const int Failure = 1;

    /// <summary>A flag, a variable or a file that it was started with is no good.</summary>
    public const int BadConfiguration = 2;
}
