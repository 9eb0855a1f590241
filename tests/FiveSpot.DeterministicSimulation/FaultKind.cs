// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>What goes wrong, and what people do at the worst moment.</summary>
internal enum FaultKind
{
    // ---- on the way between a client and a server

    /// <summary>A request never arrives.</summary>
    RequestLost,

    /// <summary>A request takes effect, and its answer never arrives.</summary>
    AnswerLost,

    /// <summary>A proxy sends a request twice; the second answer counts.</summary>
    RequestTwice,

    /// <summary>Somebody else was first: 409.</summary>
    Conflict,

    /// <summary>Too many requests: 429, with <c>Retry-After</c>.</summary>
    TooManyRequests,

    /// <summary>The server fails: 500.</summary>
    ServerError,

    /// <summary>A proxy gives up: 504, whether it took effect or not.</summary>
    GatewayTimeout,

    /// <summary>A load balancer that knows no such page: a 404 that is none of Kubernetes.</summary>
    ForeignNotFound,

    /// <summary>Answers take half a minute and more.</summary>
    SlowAnswers,

    /// <summary>Nothing passes between a client and a server, and nobody is told.</summary>
    Partition,

    /// <summary>Watches break.</summary>
    WatchesCut,

    /// <summary>What watches tell is late by minutes.</summary>
    WatchesLate,

    /// <summary>Lists that may come from a cache come from one that is behind.</summary>
    StaleReads,

    // ---- of a server

    /// <summary>The history is forgotten: 410.</summary>
    HistoryForgotten,

    /// <summary>The store is restored to what it was an hour ago.</summary>
    StoreRestored,

    /// <summary>Requests that write Machines are refused by a webhook that is down.</summary>
    WebhookDown,

    // ---- of the controller's processes

    /// <summary>The process dies right before a write leaves.</summary>
    KilledBeforeWrite,

    /// <summary>The process dies when a write has taken effect, before its answer has come.</summary>
    KilledDuringWrite,

    /// <summary>The process dies right after the answer to a write.</summary>
    KilledAfterWrite,

    /// <summary>The process is told to end, and another one started.</summary>
    Restarted,

    /// <summary>The clock on the wall jumps, forwards or back.</summary>
    ClockJump,

    // ---- of Cluster API, providers and machines

    /// <summary>The controllers of Cluster API stand still.</summary>
    ClusterApiDown,

    /// <summary>Machines don't come up.</summary>
    HardwareStuck,

    /// <summary>A machine loses its power: its Node is not heard of.</summary>
    NodeSilent,

    /// <summary>A Node is deleted by somebody.</summary>
    NodeDeleted,

    /// <summary>The Secret of a workload cluster goes, and comes back.</summary>
    SecretGone,

    /// <summary>A Cluster is paused, and goes on.</summary>
    ClusterPaused,

    /// <summary>Somebody deletes a Machine.</summary>
    MachineDeleted,

    // ---- people

    /// <summary>Somebody writes another schedule.</summary>
    ScheduleEdited,

    /// <summary>Somebody switches a machine off, or on.</summary>
    Switched,

    /// <summary>Somebody pulls the kill switch, or lets go of it.</summary>
    KillSwitch,

    /// <summary>Somebody deletes a ScheduledMachine, and makes it again later.</summary>
    Deleted,

    /// <summary>Somebody extends a window that is about to close.</summary>
    Extended,

    /// <summary>The owner of a machine needs it now.</summary>
    OwnerReturns,

    /// <summary>Somebody cordons a Node, or takes that back.</summary>
    CordonedByPerson,
}
