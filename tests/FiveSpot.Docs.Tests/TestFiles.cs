// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Docs.Tests;

/// <summary>Files of the repository, and of the folder <c>shared</c> beside it or beside a folder above it.</summary>
internal static class TestFiles
{
    private static readonly string Repository =
        Ancestors(AppContext.BaseDirectory).FirstOrDefault(static path => File.Exists(Path.Combine(path, "5spot.slnx")))
        ?? throw new InvalidOperationException("The tests run outside of their repository.");

    /// <summary>The full path of a file or folder of the repository, whether it is there or not.</summary>
    public static string PathOf(string path) => Path.Combine(Repository, path);

    /// <summary>The path of a shared file or folder; skips the test if it is not there.</summary>
    public static string Shared(string path)
    {
        var shared = Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } given
            ? given
            : Ancestors(Repository).Select(static folder => Path.Combine(folder, "shared")).FirstOrDefault(Directory.Exists);
        var full = Path.Combine(shared ?? "shared", path);
        Assert.SkipUnless(Path.Exists(full), $"{path} is not there: set FIVESPOT_SHARED to the folder that has it.");
        return full;
    }

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
