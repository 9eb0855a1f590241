// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Security.Authentication;

namespace FiveSpot.Kubernetes;

/// <summary>There was no answer from the API server. A write may or may not have been done.</summary>
public sealed class ApiUnreachableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">Why there was no answer.</param>
    /// <param name="message">One sentence that names the server and the cause.</param>
    /// <param name="innerException">The cause.</param>
    public ApiUnreachableException(TransportFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>Why there was no answer.</summary>
    public TransportFailure Failure { get; }

    internal static ApiUnreachableException From(
        in Operation operation, Uri server, TimeSpan timeout, bool timedOut, Exception cause)
    {
        var (failure, words) = timedOut
            ? (TransportFailure.TimedOut, $"no answer within {timeout.TotalSeconds:0.###} s")
            : Explain(cause, server);
        return new ApiUnreachableException(
            failure, $"{operation}: {server.GetLeftPart(UriPartial.Authority)} can't be reached: {words}", cause);
    }

    private static (TransportFailure Failure, string Words) Explain(Exception cause, Uri server)
    {
        var failure = TransportFailure.Other;
        for (var e = cause; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case ClusterConnectionException:
                    return (TransportFailure.NoCredentials, e.Message);
                case AuthenticationException:
                    return (TransportFailure.CertificateNotTrusted, Innermost(e));
                case SocketException socket:
                    return Explain(socket, server);
                case TimeoutException or OperationCanceledException:
                    failure = TransportFailure.TimedOut;
                    break;
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }:
                    failure = TransportFailure.NameNotResolved;
                    break;
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    failure = TransportFailure.CertificateNotTrusted;
                    break;
                case IOException or HttpRequestException when failure == TransportFailure.Other:
                    failure = TransportFailure.ConnectionLost;
                    break;
            }
        }

        return failure switch
        {
            TransportFailure.TimedOut => (failure, "the connection timed out"),
            TransportFailure.ConnectionLost => (failure, $"the connection broke ({Innermost(cause)})"),
            _ => (failure, Innermost(cause)),
        };
    }

    private static (TransportFailure Failure, string Words) Explain(SocketException e, Uri server) =>
        e.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
                (TransportFailure.NameNotResolved, $"the name '{server.Host}' can't be resolved"),
            SocketError.ConnectionRefused => (TransportFailure.ConnectionRefused, "connection refused"),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown
                or SocketError.NetworkDown => (TransportFailure.ConnectionRefused, "there is no route to it"),
            SocketError.TimedOut => (TransportFailure.TimedOut, "the connection timed out"),
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown =>
                (TransportFailure.ConnectionLost, "the server closed the connection"),
            _ => (TransportFailure.Other, e.Message),
        };

    private static string Innermost(Exception e)
    {
        while (e.InnerException is not null)
        {
            e = e.InnerException;
        }

        return e.Message.TrimEnd('.');
    }
}
