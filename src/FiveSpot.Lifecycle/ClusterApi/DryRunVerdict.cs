// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What came of asking the API server for the three objects of a machine by dry run.</summary>
public enum DryRunVerdict
{
    /// <summary>It would make them, has made them, or can't be asked.</summary>
    Accepted,

    /// <summary>It would not.</summary>
    Refused,

    /// <summary>It could not say, and has not for a while.</summary>
    Unanswered,
}
