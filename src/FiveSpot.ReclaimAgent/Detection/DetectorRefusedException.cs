// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>The kernel does not let this process listen to its proc connector.</summary>
/// <param name="message">One sentence: what it refused, and what would help.</param>
public sealed class DetectorRefusedException(string message) : Exception(message);
