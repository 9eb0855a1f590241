// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>Which real servers an allowance is for.</summary>
internal enum AllowanceScope
{
    All,
    Older,
    Newest,
}
