// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>kubectl, as found on the path.</summary>
internal static class Kubectl
{
    private static bool IsThere { get; } = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "kubectl")));

    /// <summary>Skips the test where there is none.</summary>
    public static void Require() => Assert.SkipUnless(IsThere, "no kubectl on the path");
}
