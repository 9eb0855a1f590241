// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>The physical machines that anybody has to do with, in a temporary folder that goes with them.</summary>
public sealed class PhysicalMachines : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, (PhysicalMachine Machine, int Users)> _used = [];

    /// <summary>No machine yet.</summary>
    /// <exception cref="IOException">There is no room for temporary files.</exception>
    public PhysicalMachines() => Folder = Directory.CreateTempSubdirectory("5spot-sandbox-").FullName;

    /// <summary>Where they are: a folder a namespace, in it one a machine.</summary>
    public string Folder { get; }

    /// <summary>Takes everything away.</summary>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The machine behind a Machine, or ScheduledMachine, of this name. It is there until everybody who acquired it has
    /// released it.</summary>
    /// <exception cref="IOException">Its files can't be made.</exception>
    internal PhysicalMachine Acquire(ObjectKey key)
    {
        lock (_lock)
        {
            var (machine, users) = _used.TryGetValue(key, out var used)
                ? used
                : (new PhysicalMachine(Path.Combine(Folder, key.Namespace, key.Name), key), 0);
            _used[key] = (machine, users + 1);
            return machine;
        }
    }

    /// <summary>Gives back what was acquired.</summary>
    /// <exception cref="IOException">The last one did, and its files can't be deleted.</exception>
    internal void Release(ObjectKey key)
    {
        lock (_lock)
        {
            var (machine, users) = _used[key];
            if (users > 1)
            {
                _used[key] = (machine, users - 1);
                return;
            }

            _used.Remove(key);
            machine.Scrap();
        }
    }
}
