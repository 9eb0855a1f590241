// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>A <c>reclaim.toml</c> that can't be used.</summary>
/// <param name="message">One sentence with the line and the cause.</param>
public sealed class ReclaimConfigException(string message) : Exception(message);
