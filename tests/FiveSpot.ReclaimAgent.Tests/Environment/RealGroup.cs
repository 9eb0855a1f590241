// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>A control group of this machine's kernel.</summary>
internal sealed class RealGroup : IAsyncDisposable
{
    private readonly List<string> _made = [];

    private RealGroup(string hierarchy, string path)
    {
        var folder = hierarchy;
        foreach (var name in path.Split('/'))
        {
            folder = Path.Combine(folder, name);
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                _made.Add(folder);
            }
        }

        Folder = folder;
    }

    private string Folder { get; }

    /// <summary>Makes one, or skips the test where nobody may.</summary>
    /// <param name="type"><c>cgroup</c> for v1, <c>cgroup2</c> for v2.</param>
    /// <param name="path">Where.</param>
    public static RealGroup Make(string type, string path)
    {
        // A hierarchy without resources to hand out: what is in it counts at once.
        var hierarchy = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' '))
            .Where(mount => mount[2] == type && (type == "cgroup2" || mount[3].Split(',') is var options && (options.Contains("name=systemd") || options.Contains("freezer"))))
            .Select(mount => mount[1])
            .FirstOrDefault();
        Assert.SkipWhen(hierarchy is null, $"No hierarchy of type {type} is mounted here.");
        try
        {
            return new RealGroup(hierarchy, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"No control group can be made here: {exception.Message}");
            throw;
        }
    }

    /// <summary>Puts a process into it.</summary>
    public void Add(int pid) => File.WriteAllText(Path.Combine(Folder, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        foreach (var folder in Enumerable.Reverse(_made))
        {
            await Wait.UntilAsync($"the last process is out of {folder}", () =>
            {
                try
                {
                    Directory.Delete(folder);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            });
        }
    }
}
