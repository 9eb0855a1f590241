// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>Whose an object of our machine's name is.</summary>
public enum Owner
{
    /// <summary>Made for this ScheduledMachine.</summary>
    Us,

    /// <summary>Carries our label and has no other controller: made for this ScheduledMachine, before it was restored
    /// from a backup, say. It is taken over.</summary>
    NobodyYet,

    /// <summary>Somebody else's: never touched, never deleted.</summary>
    SomebodyElse,
}
