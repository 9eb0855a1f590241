// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What the executables return to their caller.</summary>
public static class ExitCode
{
    /// <summary>Ended as asked.</summary>
    public const int Clean = 0;

    /// <summary>Something went wrong.</summary>
    public const int Failure = 1;

    /// <summary>A flag, a variable or a file that they were started with is no good.</summary>
    public const int BadConfiguration = 2;
}
