// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;

namespace FiveSpot.Api;

/// <summary>Stands for what a reclaim agent is told, so that the agent can say by which configuration it watches.</summary>
public static class ReclaimConfigHash
{
    /// <summary>Sixteen hexadecimal digits for the contents of <c>reclaim.toml</c>.</summary>
    public static string Of(string toml) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(toml)).AsSpan(0, 8));
}
