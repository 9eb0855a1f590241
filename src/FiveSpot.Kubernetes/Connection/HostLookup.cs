// SPDX-License-Identifier: Apache-2.0

using System.Net;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Finds the addresses of names that somebody chose who is not trusted. The platform blocks a thread of the pool for each, for as
/// long as a name server does not answer; and the pool's are those that everything else runs on.
/// </summary>
internal static class HostLookup
{
    private const int Stack = 256 << 10;

    /// <summary>Finds the addresses of a name, on a thread of its own.</summary>
    /// <param name="lookUp">Finds them, and blocks.</param>
    /// <param name="host">The name.</param>
    /// <param name="places">Bounds how many are looked for at once; null for no bound.</param>
    /// <param name="cancellationToken">Ends the wait; the place is taken until there is an answer.</param>
    public static async Task<IPAddress[]> FindAsync(
        Func<string, IPAddress[]> lookUp, string host, SemaphoreSlim? places, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return [address];
        }

        await (places?.WaitAsync(cancellationToken) ?? Task.CompletedTask);
        var found = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    found.TrySetResult(lookUp(host));
                }
                catch (Exception e)
                {
                    found.TrySetException(e);
                }
                finally
                {
                    places?.Release();
                }
            },
            Stack)
        { IsBackground = true, Name = "name lookup" };
        thread.Start();
        return await found.Task.WaitAsync(cancellationToken);
    }
}
