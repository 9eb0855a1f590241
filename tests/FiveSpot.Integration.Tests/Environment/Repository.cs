// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The checkout that this runs from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The path of a file or folder of it.</summary>
    public static string PathOf(string path) => Path.Combine(Root, path);

    /// <summary>A program of ours as it was built with the tests, to be run with <c>dotnet</c>. Not the one in the tests' own
    /// folder, which lacks the packages that are in a framework of theirs.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="name">Its name.</param>
    public static string ProgramOf(string project, string name)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root, "src", project, "bin", here.Parent!.Name, here.Name, $"{name}.dll");
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "5spot.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not in a checkout of 5-Spot.");
    }
}
