// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.ApiServer.Storage;

/// <summary>What a change did.</summary>
internal enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}
