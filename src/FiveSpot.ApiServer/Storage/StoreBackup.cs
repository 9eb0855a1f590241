// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer;

/// <summary>Everything that a server held at one instant.</summary>
public sealed class StoreBackup
{
    internal StoreBackup(long resourceVersion, IReadOnlyDictionary<string, Snapshot> objects) => (ResourceVersion, Objects) = (resourceVersion, objects);

    /// <summary>The resourceVersion of the latest write then.</summary>
    public long ResourceVersion { get; }

    internal IReadOnlyDictionary<string, Snapshot> Objects { get; }
}
