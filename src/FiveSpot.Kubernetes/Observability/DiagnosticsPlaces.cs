// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>
/// Those whom a <see cref="DiagnosticsServer"/> waits for, a bounded number of them: who comes always gets a place, and where
/// there is none left, who has been waited for longest loses theirs.
/// </summary>
/// <param name="most">How many there are.</param>
/// <param name="mostOfOne">How many of them one address may have.</param>
internal sealed class DiagnosticsPlaces(int most, int mostOfOne)
{
    private readonly Lock _lock = new();

    // In the order in which they came. Short: searched from end to end.
    private readonly List<DiagnosticsClient> _waiting = new(most);

    private bool _isClosed;

    /// <summary>Gives it a place, unless it has one: who sends a little now and then does not become younger by it.</summary>
    public void Enter(DiagnosticsClient client)
    {
        DiagnosticsClient? dropped = null;
        lock (_lock)
        {
            if (_waiting.Contains(client))
            {
                return;
            }

            if (_isClosed)
            {
                dropped = client;
            }
            else if (_waiting.Count(one => one.Address.Equals(client.Address)) >= mostOfOne)
            {
                dropped = _waiting.First(one => one.Address.Equals(client.Address));
            }
            else if (_waiting.Count >= most)
            {
                dropped = _waiting[0];
            }

            if (dropped is not null)
            {
                _waiting.Remove(dropped);
            }

            if (!_isClosed)
            {
                _waiting.Add(client);
            }
        }

        dropped?.Drop();
    }

    /// <summary>It is not waited for any more; if it has no place, nothing happens.</summary>
    public void Leave(DiagnosticsClient client)
    {
        lock (_lock)
        {
            _waiting.Remove(client);
        }
    }

    /// <summary>Waits for nobody any more.</summary>
    public void Close()
    {
        DiagnosticsClient[] dropped;
        lock (_lock)
        {
            _isClosed = true;
            dropped = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var client in dropped)
        {
            client.Drop();
        }
    }
}
