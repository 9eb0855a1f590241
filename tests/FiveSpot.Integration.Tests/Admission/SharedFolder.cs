// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>The folder <c>shared</c> beside the checkout, or beside a folder above it, with data that others gave.</summary>
internal static class SharedFolder
{
    /// <summary>The path of a file in it; skips the test where it is not there.</summary>
    public static string File(string path)
    {
        var folder = System.Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } given
            ? given
            : Ancestors(KubeAssets.RepositoryFile("")).Select(ancestor => Path.Combine(ancestor, "shared")).FirstOrDefault(Directory.Exists);
        var file = Path.Combine(folder ?? "shared", path);
        Assert.SkipUnless(System.IO.File.Exists(file), $"{path} is not there: set FIVESPOT_SHARED to the folder that has it.");
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
