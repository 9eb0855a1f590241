// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The checkout that this runs from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The path of a file or folder of it.</summary>
    public static string PathOf(string path) => Path.Combine(Root, path);

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
