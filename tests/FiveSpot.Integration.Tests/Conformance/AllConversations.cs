// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Conformance.Conversations;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>Everything that the two kinds of server are asked.</summary>
internal static class AllConversations
{
    public static readonly IReadOnlyList<Conversation> List =
    [
        .. CoreObjects.All,
        .. Patches.All,
        .. Deletion.All,
        .. Reading.All,
        .. Paths.All,
        .. Workloads.All,
        .. CustomObjects.All,
        .. Webhooks.All,
    ];
}
