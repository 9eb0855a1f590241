// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FiveSpot.Kubernetes;

/// <summary>Accepts what the platform's check accepted, and puts a refusal into words.</summary>
/// <param name="authorities">The authorities to trust, and no others; null for those of the system.</param>
/// <param name="skip">Whether anything is accepted.</param>
/// <param name="namesNobody">Whether words say nothing of what is in the certificate: who chose the address is not to learn who is
/// there.</param>
internal sealed class ServerCertificateCheck(X509Certificate2Collection? authorities, bool skip, bool namesNobody = false)
{
    private const int MaxNames = 5;
    private const int Excerpt = 100;

    /// <summary>A policy that trusts the given authorities and no others; those of the system if it is given none.</summary>
    public static X509ChainPolicy PolicyFor(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,

            // A certificate can name an address at which its issuer is to be had: a stranger's could name any.
            DisableCertificateDownloads = true,
        };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    // An exception's message reaches whoever made the request; a plain false would be lost.
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        skip
        || errors == SslPolicyErrors.None
        || (errors == SslPolicyErrors.RemoteCertificateChainErrors && EndsInTrustedIntermediate(chain))
            ? true
            : throw new CertificateNotTrustedException(Describe(sender, certificate as X509Certificate2, chain, errors));

    // Go takes any certificate of the CA file as an anchor, .NET only self-signed ones: there the chain is "partial",
    // though every signature up to that certificate has been checked.
    private bool EndsInTrustedIntermediate(X509Chain? chain)
    {
        if (authorities is null || chain is null || chain.ChainElements.Count == 0
            || !Array.TrueForAll(chain.ChainStatus, s => s.Status == X509ChainStatusFlags.PartialChain))
        {
            return false;
        }

        var last = chain.ChainElements[^1].Certificate.RawDataMemory.Span;
        foreach (var authority in authorities)
        {
            if (authority.RawDataMemory.Span.SequenceEqual(last))
            {
                return true;
            }
        }

        return false;
    }

    private string Describe(object sender, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return "the server's certificate is not trusted: it sent none";
        }

        var reasons = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            reasons.Add(namesNobody ? "it is for another host" : $"it is for {NamesOf(certificate)}, not for {(sender as SslStream)?.TargetHostName}");
        }

        foreach (var status in chain?.ChainStatus ?? [])
        {
            reasons.Add(status.Status switch
            {
                X509ChainStatusFlags.UntrustedRoot when certificate.Subject == certificate.Issuer =>
                    $"it is signed by itself and not among {Trusted}",
                X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain =>
                    namesNobody ? $"its issuer does not lead to {Trusted}"
                    : $"it is issued by '{ForeignText.Line(certificate.Issuer, Excerpt)}', which does not lead to {Trusted}",
                // What is left of a cluster that was made anew, with an authority of the same name.
                X509ChainStatusFlags.NotSignatureValid =>
                    namesNobody ? "it is not signed by the authority of the configuration, but by another one of its name"
                    : $"it is not signed by the '{ForeignText.Line(certificate.Issuer, Excerpt)}' of the configuration, but by another one of that name",
                X509ChainStatusFlags.NotTimeValid when namesNobody => "it, or its issuer's, has expired or is not valid yet",
                X509ChainStatusFlags.NotTimeValid => string.Join("; ", Outdated(chain!)),
                _ => status.StatusInformation.Trim().TrimEnd('.'),
            });
        }

        var name = namesNobody ? "" : $" ('{ForeignText.Line(certificate.Subject, Excerpt)}')";
        return $"the server's certificate{name} is not trusted: {string.Join("; ", reasons)}";
    }

    private static IEnumerable<string> Outdated(X509Chain chain)
    {
        // The platform takes the system's time too, whatever clock the rest of the program lives by.
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < chain.ChainElements.Count; i++)
        {
            var certificate = chain.ChainElements[i].Certificate;
            var who = i == 0 ? "it" : $"its issuer '{ForeignText.Line(certificate.Subject, Excerpt)}'";
            var (from, to) = (new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
            if (now > to)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{who} expired at {to.ToUniversalTime():u}");
            }
            else if (now < from)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{who} is not valid before {from.ToUniversalTime():u} (here it is {now:u})");
            }
        }
    }

    private string Trusted =>
        authorities is null ? "the authorities that this system trusts" : "the certificate authority of the configuration";

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = new List<string>();
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension alternatives)
            {
                names.AddRange(alternatives.EnumerateDnsNames());
                names.AddRange(alternatives.EnumerateIPAddresses().Select(a => a.ToString()));
            }
        }

        return names.Count > 0 ? ForeignText.List(names, MaxNames) : "no name (it has no subject alternative names)";
    }
}
