// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What is wrong with a <see cref="TroubledServer"/>.</summary>
public enum Trouble
{
    /// <summary>Nothing: whoever connects is let through to the API server behind it.</summary>
    None,

    /// <summary>Nothing listens.</summary>
    Down,

    /// <summary>Takes requests, and never answers them.</summary>
    Slow,

    /// <summary>Answers with a page for people.</summary>
    Html,

    /// <summary>Shows a certificate of the right authority that has expired.</summary>
    ExpiredCertificate,

    /// <summary>Shows a certificate of the right authority for another host.</summary>
    CertificateOfAnotherHost,

    /// <summary>Shows a certificate of an authority that nobody knows.</summary>
    CertificateOfAnUnknownAuthority,

    /// <summary>Closes each connection at once.</summary>
    ClosesAtOnce,

    /// <summary>Speaks HTTP without TLS.</summary>
    NoTls,

    /// <summary>Does not know whose the token is.</summary>
    Unauthorized,

    /// <summary>Knows, and does not allow it.</summary>
    Forbidden,
}
