// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Storage;

/// <summary>What a change did.</summary>
internal enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}
