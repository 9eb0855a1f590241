// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>The two points of a request at which an observer or a fault injector is called.</summary>
public enum RequestStage
{
    /// <summary>Before it has any effect.</summary>
    Before,

    /// <summary>After it took effect, before the client is told. A watch is there when its stream is about to begin.</summary>
    After,
}
