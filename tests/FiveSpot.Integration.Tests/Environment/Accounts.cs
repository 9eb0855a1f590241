// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The ServiceAccounts of <c>deploy</c>, by the names that a server knows them by.</summary>
internal static class Accounts
{
    public const string Controller = $"{Prefix}5spot-controller";

    public const string Agent = $"{Prefix}{WellKnown.ReclaimAgentName}";

    private const string Prefix = $"system:serviceaccount:{WellKnown.SystemNamespace}:";

    /// <summary>A line of a token file that makes somebody with a token such an account.</summary>
    public static string TokenLine(string token, string account) =>
        $"{token},{account},{account},\"system:serviceaccounts,system:serviceaccounts:{WellKnown.SystemNamespace}\"";
}
