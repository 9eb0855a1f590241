// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>No connection was made, for a reason that only the one who makes it knows.</summary>
internal sealed class ConnectException(TransportFailure failure, string message, Exception? innerException = null)
    : IOException(message, innerException)
{
    public TransportFailure Failure { get; } = failure;
}
