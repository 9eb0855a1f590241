// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>How an <see cref="EmbeddedApiServer"/> starts.</summary>
public sealed record EmbeddedApiServerOptions
{
    /// <summary>Names cluster, user and context in the kubeconfig.</summary>
    public string Name { get; init; } = "embedded";

    /// <summary>The port on loopback, 0 to 65535; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>The clock of the objects: creation and deletion times, ages.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The clock of connections: <c>timeoutSeconds</c> of a watch, bookmarks. Not <see cref="Clock"/>, which may run many times
    /// faster than the clients outside of this process.
    /// </summary>
    public TimeProvider TransportClock { get; init; } = TimeProvider.System;

    /// <summary>
    /// How long, by <see cref="TransportClock"/>, a kind that was just defined, or defined differently, answers 429 "storage is
    /// (re)initializing" to lists and watches, as a kube-apiserver of 1.31 and later does for some milliseconds. Zero or more.
    /// </summary>
    public TimeSpan StorageInitialization { get; init; }

    /// <summary>How often, by <see cref="TransportClock"/>, a watch that wants bookmarks gets one where there is nothing else to tell; more than
    /// zero. A minute, as kube-apiserver's.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many changes of each resource are remembered for watches that resume; at least 1.</summary>
    public int HistoryLength { get; init; } = 10_000;

    /// <summary>
    /// How long changes are remembered for that, by <see cref="TransportClock"/>: older ones are forgotten when there is a newer.
    /// Five minutes, in which kube-apiserver compacts its store.
    /// </summary>
    public TimeSpan HistoryAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an Event is kept after it was last written, by <see cref="Clock"/>; an hour, as kube-apiserver's
    /// <c>--event-ttl</c> unless it is told otherwise.</summary>
    public TimeSpan EventTtl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Whether it listens on <see cref="Port"/>. If not, it is reached from within this process alone, with
    /// <see cref="EmbeddedApiServer.CreateHandler"/>, and nothing of it runs but what a request or a clock begins.
    /// </summary>
    public bool Listens { get; init; } = true;

    /// <summary>What uids, generated names, and the ends of watches come of; null for what nobody can guess. With the same one, and
    /// the same requests, they are the same.</summary>
    public Random? Random { get; init; }

    /// <summary>The bearer token that clients must send; null makes a random one.</summary>
    public string? Token { get; init; }
}
