// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle;

/// <summary>The place of one provider object: the kind that belongs there, and the object that is there.</summary>
public sealed record ProviderSlot
{
    /// <summary>Group, version and kind as the template or the Machine names it, for messages.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind as the template or the Machine names it.</summary>
    public required string Kind { get; init; }

    /// <summary>The resource behind the kind, at the version at which it is to be made; null when the API server serves no such
    /// namespaced kind.</summary>
    public ResourceType? Resource { get; init; }

    /// <summary>The resource behind the kind at a version that is served, by which objects are looked at and deleted; null when there
    /// is none.</summary>
    public ResourceType? Served { get; init; }

    /// <summary>The object of the machine's name, whoever's it is; null when there is none.</summary>
    public PartialObject? Object { get; init; }

    /// <summary>Why it can't be known whether there is an object, for a person; null when it is known.</summary>
    public string? Trouble { get; init; }

    /// <summary>Whether it is not known yet, and an answer is on its way.</summary>
    public bool IsPending { get; init; }

    /// <summary>The object, or null, when it is somebody else's.</summary>
    public PartialObject? Ours(ScheduledMachine machine) =>
        Object is { } found && Ownership.Of(found, machine) is not Owner.SomebodyElse ? found : null;
}
