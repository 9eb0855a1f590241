// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>What the failure of a step means for the rest of its plan (contract, section 4: nothing that is merely good to have
/// stands in the way).</summary>
public enum StepImportance
{
    /// <summary>What follows needs it: its failure ends the pass.</summary>
    Needed,

    /// <summary>It has to succeed, but nothing that follows needs it: the pass goes on.</summary>
    Independent,

    /// <summary>Good to have: its failure is told and tried again, and is no error of the machine. It is not waited for long.
    /// </summary>
    Optional,
}
