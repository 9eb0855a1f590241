// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>An HTTP client that trusts one authority, and shows what it is told as it is told it.</summary>
internal static class PinnedClient
{
    public static HttpClient To(Uri address, string certificates)
    {
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPem(certificates);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        return new HttpClient(handler) { BaseAddress = address };
    }
}
