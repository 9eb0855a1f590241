// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Controllers;

/// <summary>Lets several writes be tried though one is refused, and then tells of the first.</summary>
internal sealed class Refusals
{
    private StatusException? _first;

    public async ValueTask TryAsync(Func<ValueTask> write)
    {
        try
        {
            await write();
        }
        catch (StatusException refused)
        {
            // Gone or changed meanwhile: its own change follows.
            if (refused.Code is not (404 or 409))
            {
                _first ??= refused;
            }
        }
    }

    /// <summary>Tells of the first that was refused.</summary>
    /// <exception cref="StatusException">One was.</exception>
    public void ThrowIfAny()
    {
        if (_first is { } refused)
        {
            throw refused;
        }
    }
}
