// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Scheduling.Tests;

/// <summary>The folder <c>shared</c> beside the repository, which holds the contract's test vectors.</summary>
internal static class SharedFolder
{
    /// <summary>A file in it, or <see langword="null"/> if there is no such folder here.</summary>
    public static string? Find(string relativePath)
    {
        if (Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } shared)
        {
            return Path.Combine(shared, relativePath);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", relativePath);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
