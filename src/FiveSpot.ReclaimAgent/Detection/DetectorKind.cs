// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>How processes that start are noticed.</summary>
public enum DetectorKind
{
    /// <summary>By the proc connector where the kernel allows it, else by polling.</summary>
    Auto,

    /// <summary>By the kernel's proc connector: it tells of each exec as it happens. Needs <c>CAP_NET_ADMIN</c> and the
    /// initial network and pid namespaces.</summary>
    Netlink,

    /// <summary>By looking through <c>/proc</c> every <c>poll_interval_ms</c>.</summary>
    Poll,
}
