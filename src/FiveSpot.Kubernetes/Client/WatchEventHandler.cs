// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Takes one event of a watch. What it throws ends the watch.</summary>
/// <param name="type">What happened.</param>
/// <param name="utf8Object">The JSON of the object; valid during the call only.</param>
public delegate void WatchEventHandler(WatchEventType type, ReadOnlySpan<byte> utf8Object);
