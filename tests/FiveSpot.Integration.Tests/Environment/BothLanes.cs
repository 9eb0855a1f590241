// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;
using Xunit.Sdk;
using Xunit.v3;

// A scenario waits more than it computes: for a server, for the other scenario on it, for rest.
[assembly: Parallelization(MaxThreads = 4)]
[assembly: TestCollectionOrderer(typeof(BothLanes))]

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The order of the tests: by turns one that runs on real servers and one that does not. Those of one kind alone would wait for
/// each other, at first or in the end, and the cores with them. The longest class begins.
/// </summary>
public sealed class BothLanes : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        var lanes = testCollections
            .OrderBy(static tests => tests.TestCollectionDisplayName, StringComparer.Ordinal)
            .ToLookup(static tests => tests.TestCollectionDisplayName.Contains(nameof(RestartTests.OnKubeApiServer), StringComparison.Ordinal));
        return
        [
            .. lanes[true].Select(static (tests, turn) => (tests, turn)).Concat(lanes[false].Select(static (tests, turn) => (tests, turn)))
                .OrderBy(static placed => placed.turn)
                .Select(static placed => placed.tests),
        ];
    }
}
