// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Tests.CommandLine;

internal sealed class TemporaryFolder : IAsyncDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("sandbox-files-").FullName;

    public static TemporaryFolder Create() => new();

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(_path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_path, recursive: true);
        return ValueTask.CompletedTask;
    }
}
