// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FiveSpot.Kubernetes;

/// <summary>Where an API server is, how to know it, and as whom to speak to it.</summary>
public sealed class ClusterConnection
{
    private const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    internal ClusterConnection(Uri server, string source)
    {
        Server = server;
        Source = source;
    }

    /// <summary>The address of the API server; it may have a path in front of <c>/api</c> and <c>/apis</c>.</summary>
    public Uri Server { get; }

    /// <summary>Where this configuration came from, for messages.</summary>
    public string Source { get; }

    /// <summary>The namespace that the configuration names as its default, or null.</summary>
    public string? Namespace { get; internal init; }

    internal X509Certificate2Collection? CertificateAuthorities { get; init; }

    internal X509Certificate2Collection? ClientCertificates { get; init; }

    internal string? TlsServerName { get; init; }

    internal bool SkipTlsVerification { get; init; }

    internal Uri? Proxy { get; init; }

    /// <summary>Whether somebody chose this address who must not learn what is there, nor reach all that we can.</summary>
    internal bool IsUntrusted { get; init; }

    /// <summary>The API server that an untrusted address may not lead to, nor to loopback; null for none.</summary>
    internal Uri? OwnServer { get; init; }

    /// <summary>Finds the addresses of a name; null for the platform's way.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; init; }

    /// <summary>What messages call the server. Who reads them may not be one who may read the kubeconfig.</summary>
    public string ServerName => IsUntrusted ? $"the server of the {Source}" : Server.GetLeftPart(UriPartial.Authority);

    internal Func<TimeProvider, Credentials>? CreateCredentials { get; init; }

    /// <summary>
    /// The connection that the surroundings offer; the first there is of: <paramref name="kubeconfigPath"/>; the files of
    /// variable <c>KUBECONFIG</c>; the service account of the Pod that this process runs in; <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfigPath">A kubeconfig file, or null.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="ClusterConnectionException">There is none, or the one that is there can't be used.</exception>
    public static ClusterConnection FromDefaults(string? kubeconfigPath = null)
    {
        if (!string.IsNullOrEmpty(kubeconfigPath))
        {
            return Kubeconfig.Load([kubeconfigPath]).ToConnection();
        }

        if (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } variable)
        {
            return Kubeconfig.Load(variable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
                .ToConnection();
        }

        if (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 } host
            && File.Exists(Path.Combine(ServiceAccountDirectory, "token")))
        {
            return InCluster(
                host, Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"), ServiceAccountDirectory);
        }

        var home = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
        return File.Exists(home)
            ? Kubeconfig.Load([home]).ToConnection()
            : throw new ClusterConnectionException(
                $"No cluster to connect to: no kubeconfig was given, KUBECONFIG is not set, this process is not in a Pod "
                + $"with a service account, and {home} does not exist.");
    }

    /// <summary>The connection of a kubeconfig whose author is not trusted with what this process can reach.</summary>
    /// <remarks>
    /// Refused anywhere in it, used or not: <c>exec</c>, <c>auth-provider</c>, and every field that names a file
    /// (<c>certificate-authority</c>, <c>client-certificate</c>, <c>client-key</c>, <c>tokenFile</c>); without leave of the
    /// policy also <c>proxy-url</c> and <c>insecure-skip-tls-verify</c>. The server must be https without that leave, and
    /// never at a link-local or metadata address, however its name resolves. Messages repeat nothing of the file, and of what the
    /// server answers nothing but Kubernetes' own Status. At most 1 MiB and 20,000 YAML nodes.
    /// </remarks>
    /// <param name="utf8Yaml">The kubeconfig, YAML or JSON.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="policy">What is allowed beyond; null for <see cref="KubeconfigPolicy.Strict"/>.</param>
    /// <returns>The connection of its current context.</returns>
    /// <exception cref="ClusterConnectionException">It can't be used.</exception>
    public static ClusterConnection FromKubeconfig(
        ReadOnlySpan<byte> utf8Yaml, string source, KubeconfigPolicy? policy = null) =>
        Kubeconfig.ParseUntrusted(utf8Yaml, source, policy ?? KubeconfigPolicy.Strict).ToConnection();

    /// <summary>A connection to an API server whose address and token are known.</summary>
    /// <param name="server">An http or https address.</param>
    /// <param name="token">A bearer token, or null for none.</param>
    /// <param name="certificateAuthorities">The authorities to trust, and no others; null for those of the system.</param>
    /// <returns>The connection.</returns>
    public static ClusterConnection ForServer(
        Uri server, string? token = null, X509Certificate2Collection? certificateAuthorities = null) =>
        new(server, server.AbsoluteUri)
        {
            CertificateAuthorities = certificateAuthorities,
            CreateCredentials = token is null ? null : _ => new FixedCredentials("Bearer", token),
        };

    internal static ClusterConnection InCluster(string host, string? port, string directory)
    {
        var authority = Path.Combine(directory, "ca.crt");
        var namespaceFile = Path.Combine(directory, "namespace");
        try
        {
            var server = new UriBuilder("https", host.Contains(':') ? $"[{host.Trim('[', ']')}]" : host,
                string.IsNullOrEmpty(port) ? 443 : int.Parse(port)).Uri;
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authority);
            return new ClusterConnection(server, "the service account of this Pod")
            {
                CertificateAuthorities = authorities,
                Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : null,
                CreateCredentials = time => new FileCredentials(Path.Combine(directory, "token"), time),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or FormatException or OverflowException or ArgumentException)
        {
            throw new ClusterConnectionException(
                $"The service account of this Pod can't be used ({directory}, KUBERNETES_SERVICE_HOST={host}, "
                + $"KUBERNETES_SERVICE_PORT={port}): {e.Message}", e);
        }
    }
}
