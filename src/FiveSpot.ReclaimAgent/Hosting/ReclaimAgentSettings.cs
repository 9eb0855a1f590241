// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>How an agent is to run.</summary>
public sealed record ReclaimAgentSettings
{
    /// <summary>The Node of the machine that it runs on.</summary>
    public required string NodeName { get; init; }

    /// <summary>The namespace of its ConfigMap.</summary>
    public string Namespace { get; init; } = WellKnown.SystemNamespace;

    /// <summary>How processes are noticed.</summary>
    public DetectorKind Detector { get; init; } = DetectorKind.Auto;

    /// <summary>The machine's processes: <c>/proc</c>, or a directory with a subdirectory for each pid and in it the files
    /// <c>comm</c> and <c>cmdline</c>, and if need be <c>stat</c> and the link <c>exe</c>, as the kernel has them. A directory
    /// that is not the kernel's has to be polled, and must not give a pid to another process until it has been looked at
    /// without the former.</summary>
    public string ProcRoot { get; init; } = "/proc";

    /// <summary>The file that names the machine; a Node that is another's is not written on.</summary>
    public string MachineIdPath { get; init; } = "/etc/machine-id";

    /// <summary>The time that goes into <c>reclaim-requested-at</c>. Polls, sweeps and back-off are in the network's time.
    /// </summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
