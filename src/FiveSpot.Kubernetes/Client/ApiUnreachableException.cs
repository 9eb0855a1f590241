// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
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
        in Operation operation, ClusterConnection connection, TimeSpan timeout, bool timedOut, Exception cause)
    {
        var (failure, words) = timedOut
            ? (TransportFailure.TimedOut, $"no answer within {timeout.TotalSeconds:0.###} s")
            : Explain(cause, connection);
        return new ApiUnreachableException(
            failure, $"{operation}: {connection.ServerName} can't be reached: {words}", cause);
    }

    internal static ApiUnreachableException NotLeading(in Operation operation) => new(
        TransportFailure.NotLeading, $"{operation}: this process does not lead, or may not any more: nothing is written.");

    /// <summary>What a failure of a socket means.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="host">Whose; null where that is not told.</param>
    internal static (TransportFailure Failure, string Words) Explain(SocketException e, string? host) =>
        e.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
                (TransportFailure.NameNotResolved, host is null ? "its name can't be resolved" : $"the name '{host}' can't be resolved"),
            SocketError.ConnectionRefused => (TransportFailure.ConnectionRefused, "connection refused"),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown
                or SocketError.NetworkDown => (TransportFailure.ConnectionRefused, "there is no route to it"),
            SocketError.TimedOut => (TransportFailure.TimedOut, "the connection timed out"),
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown =>
                (TransportFailure.ConnectionLost, "the server closed the connection"),
            _ => (TransportFailure.Other, e.Message),
        };

    private static (TransportFailure Failure, string Words) Explain(Exception cause, ClusterConnection connection)
    {
        var failure = TransportFailure.Other;
        for (var e = cause; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case ClusterConnectionException:
                    return (TransportFailure.NoCredentials, e.Message);
                case ConnectException made:
                    return (made.Failure, made.Message);
                case CertificateNotTrustedException:
                    return (TransportFailure.CertificateNotTrusted, e.Message);
                case AuthenticationException:
                    return (TransportFailure.CertificateNotTrusted, $"TLS failed: {Innermost(e)}");
                case SocketException socket:
                    return Explain(socket, connection.IsUntrusted ? null : connection.Server.Host);
                case HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } proxy:
                    return (TransportFailure.ProxyFailed, Refused(proxy, connection.IsUntrusted ? null : connection.Proxy));
                case TimeoutException:
                    return (TransportFailure.TimedOut, $"no connection, with TLS, within {ServerTransport.ConnectTimeout.TotalSeconds:0.###} s");
                case OperationCanceledException:
                    failure = TransportFailure.TimedOut;
                    break;
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }:
                    failure = TransportFailure.NameNotResolved;
                    break;
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    failure = TransportFailure.CertificateNotTrusted;
                    break;
                case IOException when failure == TransportFailure.CertificateNotTrusted:
                    return (TransportFailure.ConnectionLost, $"the connection broke while TLS was set up ({Innermost(e)})");
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

    private static string Refused(HttpRequestException e, Uri? proxy)
    {
        var name = proxy is null ? "the proxy" : $"the proxy {proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}";
        return e.StatusCode is { } code
            ? string.Create(CultureInfo.InvariantCulture, $"{name} does not connect to it: it answers {(int)code}")
            : $"{name} does not connect to it ({Innermost(e)})";
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is not null)
        {
            e = e.InnerException;
        }

        return e.Message.TrimEnd('.');
    }
}
