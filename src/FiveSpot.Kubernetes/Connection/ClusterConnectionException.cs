// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>A kubeconfig, or the in-cluster configuration, can't be used; the message says why and where.</summary>
public sealed class ClusterConnectionException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence that a person can act on.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ClusterConnectionException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
