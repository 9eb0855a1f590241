// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How a <see cref="LabelRequirement"/> compares.</summary>
public enum LabelOperator
{
    /// <summary>One that is not known here.</summary>
    Unknown,

    /// <summary>The label is there with one of the values.</summary>
    In,

    /// <summary>The label is not there, or has none of the values.</summary>
    NotIn,

    /// <summary>The label is there.</summary>
    Exists,

    /// <summary>The label is not there.</summary>
    DoesNotExist,
}
