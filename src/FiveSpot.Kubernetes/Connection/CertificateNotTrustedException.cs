// SPDX-License-Identifier: Apache-2.0

using System.Security.Authentication;

namespace FiveSpot.Kubernetes;

/// <summary>The server's certificate was looked at, and is not trusted; the message says why.</summary>
internal sealed class CertificateNotTrustedException(string message) : AuthenticationException(message);
