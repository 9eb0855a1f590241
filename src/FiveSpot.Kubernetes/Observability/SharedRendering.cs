// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Renders metrics for all who ask meanwhile at once, one rendering after the other and at most ten a second: however many ask,
/// it costs little. What one sees is never older than their question.
/// </summary>
/// <param name="metrics">What is rendered.</param>
/// <param name="time">Real time.</param>
internal sealed class SharedRendering(MetricRegistry metrics, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private Task<byte[]>? _next;
    private Task _last = Task.CompletedTask;

    /// <summary>A rendering that begins from now on.</summary>
    public Task<byte[]> RenderAsync()
    {
        lock (_lock)
        {
            if (_next is null)
            {
                var last = _last;
                _next = Task.Run(() => RenderAfterAsync(last));
                _last = PauseAfterAsync(_next);
            }

            return _next;
        }
    }

    private async Task<byte[]> RenderAfterAsync(Task last)
    {
        await last;
        lock (_lock)
        {
            _next = null;
        }

        return Encoding.UTF8.GetBytes(metrics.Render());
    }

    // Whether it succeeded is for those to know who asked for it.
    private async Task PauseAfterAsync(Task rendering)
    {
        await rendering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Pause, time);
    }
}
