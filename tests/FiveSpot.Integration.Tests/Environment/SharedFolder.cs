// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The folder <c>shared</c> beside the repository, or the one that <c>FIVESPOT_SHARED</c> names: the contract, and real Cluster API definitions.</summary>
internal static class SharedFolder
{
    /// <summary>The objects of a folder's YAML files, one a file; skips the test if there is no such folder.</summary>
    public static IReadOnlyList<JsonObject> ReadObjects(string path)
    {
        var folder = Candidates().Select(shared => Path.Combine(shared, path)).FirstOrDefault(Directory.Exists);
        Assert.SkipWhen(folder is null, $"no folder shared/{path} beside the repository; FIVESPOT_SHARED may name it");
        return [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(file => YamlText.Parse(File.ReadAllBytes(file))!.AsObject())];
    }

    /// <summary>The text of a file; skips the test if there is none.</summary>
    public static string ReadText(string path)
    {
        var file = Candidates().Select(shared => Path.Combine(shared, path)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(file is null, $"no shared/{path} beside the repository; FIVESPOT_SHARED may name the folder");
        return File.ReadAllText(file);
    }

    private static IEnumerable<string> Candidates()
    {
        if (System.Environment.GetEnvironmentVariable("FIVESPOT_SHARED") is { Length: > 0 } shared)
        {
            yield return shared;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, "shared");
        }
    }
}
