// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Why an API server could not be reached.</summary>
public enum TransportFailure
{
    /// <summary>Something else; the message says what.</summary>
    Other,

    /// <summary>Its host name can't be resolved.</summary>
    NameNotResolved,

    /// <summary>Nothing listens at its address, or there is no route to it.</summary>
    ConnectionRefused,

    /// <summary>Its certificate is not trusted, or TLS failed in another way.</summary>
    CertificateNotTrusted,

    /// <summary>There was no answer in time.</summary>
    TimedOut,

    /// <summary>The connection broke before the answer was complete.</summary>
    ConnectionLost,

    /// <summary>No credentials could be had to send.</summary>
    NoCredentials,

    /// <summary>The proxy on the way to it can't be reached, or does not let us through.</summary>
    ProxyFailed,

    /// <summary>Its name leads to an address that is not connected to for a kubeconfig that is not trusted.</summary>
    AddressRefused,

    /// <summary>It was not asked, or not waited for: another process leads, or may.</summary>
    NotLeading,
}
