// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>An executable of the product as it is built, not published, run by <c>dotnet</c>.</summary>
internal static class ManagedProgram
{
    /// <summary>What <c>dotnet</c> is to be told before the program's own arguments. Of what it needs, there is beside the tests
    /// only what their own framework lacks: it runs with theirs.</summary>
    /// <param name="name">Its name, such as <c>5spot</c>.</param>
    public static IEnumerable<string> Arguments(string name) =>
    [
        "exec",
        "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "FiveSpot.Integration.Tests.runtimeconfig.json"),
        "--depsfile", Path.Combine(AppContext.BaseDirectory, "FiveSpot.Integration.Tests.deps.json"),
        Path.Combine(AppContext.BaseDirectory, $"{name}.dll"),
    ];
}
