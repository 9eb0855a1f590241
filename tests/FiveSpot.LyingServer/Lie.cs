// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.LyingServer;

/// <summary>What a workload cluster says that is not so.</summary>
public enum Lie
{
    /// <summary>Nothing: one Node, and no Pods.</summary>
    None,

    /// <summary>The list of Nodes goes on for ever.</summary>
    EndlessPages,

    /// <summary>So does it, with nothing in its pages.</summary>
    EmptyPages,

    /// <summary>The list of Nodes is 60 MiB at once.</summary>
    OneLargeList,

    /// <summary>The list of Nodes is some KiB of gzip that become 63 MiB.</summary>
    GzipBomb,

    /// <summary>The list of Nodes is two million objects with nothing in them.</summary>
    ManyNothings,

    /// <summary>There are twenty thousand Nodes, and all are the machine's.</summary>
    OneProviderId,

    /// <summary>New Nodes come, for ever.</summary>
    EndlessAdded,

    /// <summary>The machine's Node changes, for ever.</summary>
    EndlessModified,

    /// <summary>An event begins and never ends.</summary>
    HugeEvent,

    /// <summary>Events of nearly 2 MiB of labels, for ever.</summary>
    LargeEvents,

    /// <summary>Objects that can't be read, for ever.</summary>
    BrokenEvents,

    /// <summary>An answer comes byte by byte, and never to its end.</summary>
    SlowDrip,

    /// <summary>There are very many Pods on the machine's Node; they go when they are evicted.</summary>
    Pods,

    /// <summary>So there are, and none may be evicted now.</summary>
    RefusedEvictions,

    /// <summary>So there are, and none may be evicted now, each for another reason.</summary>
    ManyReasons,

    /// <summary>New Pods come to the machine's Node, and go, for ever.</summary>
    EndlessPods,
}
