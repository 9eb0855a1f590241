// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>What failed when something was to be looked at.</summary>
internal static class WatchFailure
{
    /// <summary>Whether it is to be told: a server that was just started, a definition that was just installed, or a connection
    /// that broke, has a moment in which it can't be asked, and that is nobody's state.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="failures">How often in a row.</param>
    public static bool Lasts(Exception failure, int failures) =>
        failures >= StepFailure.AttemptsBeforeError || failure is ApiException { IsTransient: false };
}
