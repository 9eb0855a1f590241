// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>Error numbers of Linux, the same on every architecture that .NET runs on.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoBufferSpace = 105;
    public const int ConnectionRefused = 111;

    /// <summary>Of the last call in <see cref="Libc"/> that failed on this thread.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    public static string Describe(int number) => Marshal.GetPInvokeErrorMessage(number);
}
