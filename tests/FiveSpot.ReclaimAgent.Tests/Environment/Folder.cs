// SPDX-License-Identifier: Apache-2.0

using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>A folder that goes with the test.</summary>
internal sealed class Folder : IDisposable
{
    private static int _count;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("5spot-test-");

    /// <summary>A name that no other program on the machine has, of at most 15 bytes.</summary>
    public static string Unique() => $"f{System.Environment.ProcessId}x{Interlocked.Increment(ref _count)}";

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The program <c>sleep</c> by another name.</summary>
    public string Sleep(string name)
    {
        File.Copy("/bin/sleep", PathOf(name));
        return PathOf(name);
    }

    public string Script(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return PathOf(name);
    }

    /// <summary>A named pipe, at which who reads waits for who writes.</summary>
    public async Task<string> FifoAsync(string name)
    {
        using var making = System.Diagnostics.Process.Start("mkfifo", [PathOf(name)]);
        await making.WaitForExitAsync(TestContext.Current.CancellationToken);
        return PathOf(name);
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
