// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Display;

/// <summary>Shows what happens in the sandbox.</summary>
public interface ISandboxDisplay
{
    /// <summary>Shows it until told to stop; what happened before it ran is not lost.</summary>
    Task RunAsync(CancellationToken stop);
}
