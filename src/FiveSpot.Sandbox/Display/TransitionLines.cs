// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;

namespace FiveSpot.Sandbox.Display;

/// <summary>
/// For files, pipes and CI: a line a transition, and one for what the owner of a machine does there, and while a machine is taken
/// away, a line whenever it says something else.
/// </summary>
public sealed class TransitionLines : ISandboxDisplay
{
    private readonly Channel<Transition> _transitions = Channel.CreateUnbounded<Transition>(new() { SingleReader = true });
    private readonly TextWriter _output;

    /// <summary>Collects from now on.</summary>
    /// <param name="monitor">Tells of transitions.</param>
    /// <param name="output">Gets the lines.</param>
    public TransitionLines(PhaseMonitor monitor, TextWriter output)
    {
        _output = output;
        monitor.PhaseChanged += transition => _transitions.Writer.TryWrite(transition);
        monitor.OwnerActed += transition => _transitions.Writer.TryWrite(transition);
        monitor.Progressed += transition => _transitions.Writer.TryWrite(transition);
    }

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var transition in _transitions.Reader.ReadAllAsync(stop))
        {
            await _output.WriteLineAsync(transition.ToString());
            await _output.FlushAsync(stop);
        }
    }
}
