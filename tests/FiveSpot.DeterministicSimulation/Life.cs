// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>The life of one process.</summary>
internal sealed class Life(string name)
{
    private readonly TaskCompletionSource _never = new();

    /// <summary>Who, in traces.</summary>
    public string Name => name;

    /// <summary>Whether it has ended as by SIGKILL: nothing of it goes on.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Called once, when it ends so.</summary>
    public Action? Died { get; set; }

    /// <summary>How it is to end at its next write; null if it is not.</summary>
    public FaultKind? EndsAtWrite { get; set; }

    /// <summary>Ends it.</summary>
    public void Kill()
    {
        if (!IsDead)
        {
            IsDead = true;
            Died?.Invoke();
        }
    }

    /// <summary>What whoever is dead waits for.</summary>
    public Task NeverAsync() => _never.Task;
}
