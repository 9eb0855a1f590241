// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api.Tests;

/// <summary>Finds the repository, and the folder <c>shared</c> beside it or beside a folder above it.</summary>
internal static class TestFiles
{
    public static string Repository { get; } =
        Ancestors(AppContext.BaseDirectory).FirstOrDefault(static path => File.Exists(Path.Combine(path, "5spot.slnx")))
        ?? throw new InvalidOperationException("The tests run outside of their repository.");

    /// <summary>The path of a shared file; skips the test if it is not there.</summary>
    public static string Shared(string path)
    {
        var shared = Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } given
            ? given
            : Ancestors(Repository).Select(static folder => Path.Combine(folder, "shared")).FirstOrDefault(Directory.Exists);
        var file = Path.Combine(shared ?? "shared", path);
        Assert.SkipUnless(File.Exists(file), $"{path} is not there: set FIVESPOT_SHARED to the folder that has it.");
        return file;
    }

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
