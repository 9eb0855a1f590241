// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;

namespace FiveSpot.Kubernetes;

/// <summary>What goes into the Authorization header of each request.</summary>
internal abstract class Credentials
{
    /// <summary>Gets the header's value; null when the credentials could not be had, with the reason thrown.</summary>
    /// <param name="rejected">The value that the server has just answered with 401, or null: never given back again
    /// without a new look at where it came from.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value. The same instance as <paramref name="rejected"/> means that there is no other.</returns>
    /// <exception cref="ClusterConnectionException">The credentials can't be had.</exception>
    public abstract ValueTask<AuthenticationHeaderValue> GetAsync(
        AuthenticationHeaderValue? rejected, CancellationToken cancellationToken);
}
