// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Tests;

/// <summary>The folder of shared data, which lies beside the repository.</summary>
internal static class Shared
{
    public static string? Find(string path)
    {
        if (Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } named)
        {
            var there = Path.Combine(named, path);
            return Path.Exists(there) ? there : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", path);
            if (Path.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
