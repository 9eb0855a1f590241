// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// A real control plane on loopback: etcd, kube-apiserver with RBAC, and those controllers of kube-controller-manager that
/// the scenarios need. Everything of it is in one temporary folder.
/// </summary>
internal sealed class KubeApiServer : IAsyncDisposable
{
    /// <summary>The token of a cluster administrator.</summary>
    public const string AdminToken = "scenario-admin-token";

    // Garbage collection and namespaces; budgets, for evictions; and what makes Deployments real.
    private const string Controllers = "garbagecollector,namespace,disruption,deployment,replicaset,serviceaccount,clusterrole-aggregation";

    private const int Attempts = 3;
    private const string PortTaken = "address already in use";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly List<GuardedProcess> _processes;

    // etcd, the API server, and what comes when that is ready.
    private readonly IReadOnlyList<Func<GuardedProcess>> _starts;
    private readonly string _folder;
    private readonly string _certificates;

    private KubeApiServer(List<GuardedProcess> processes, IReadOnlyList<Func<GuardedProcess>> starts, string folder, string name, int port, string certificates)
    {
        _processes = processes;
        _starts = starts;
        _folder = folder;
        _certificates = certificates;
        Name = name;
        Address = new Uri($"https://127.0.0.1:{port}");
        Audit = new AuditLog(AuditFileIn(folder));
    }

    public string Name { get; }

    public Uri Address { get; }

    /// <summary>What it notes of the controller and the reclaim agent.</summary>
    public AuditLog Audit { get; }

    /// <summary>The certificates to trust, PEM.</summary>
    public string CertificatesPem => _certificates;

    /// <summary>Starts one. <paramref name="tokens"/> are lines of a token file besides the administrator's: <c>token,user,uid,"groups"</c>.
    /// With <paramref name="checksOwners"/> it has the admission plugin OwnerReferencesPermissionEnforcement.</summary>
    /// <exception cref="InvalidOperationException">It did not come up; the message has its last words.</exception>
    public static async Task<KubeApiServer> StartAsync(
        KubeAssets assets, string name, IEnumerable<string>? tokens = null, bool checksOwners = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            var folder = Directory.CreateTempSubdirectory($"5spot-{name}-").FullName;
            var processes = new List<GuardedProcess>();
            try
            {
                return await StartAsync(assets, name, tokens ?? [], checksOwners, folder, processes);
            }
            catch (InvalidOperationException exception) when (attempt < Attempts && exception.Message.Contains(PortTaken, StringComparison.Ordinal))
            {
                // A port that was free a moment ago went to somebody else on this machine.
                await StopAsync(processes, folder);
            }
            catch
            {
                await StopAsync(processes, folder);
                throw;
            }
        }
    }

    /// <summary>The kubeconfig of a user by their token; the administrator's by default.</summary>
    public string Kubeconfig(string token = AdminToken) => $$"""
        apiVersion: v1
        kind: Config
        clusters: [{name: {{Name}}, cluster: {server: "{{Address.AbsoluteUri.TrimEnd('/')}}", certificate-authority-data: "{{Convert.ToBase64String(Encoding.UTF8.GetBytes(_certificates))}}"} }]
        users: [{name: {{Name}}, user: {token: "{{token}}"} }]
        contexts: [{name: {{Name}}, context: {cluster: "{{Name}}", user: "{{Name}}"} }]
        current-context: {{Name}}
        """;

    /// <summary>Copies the store, for which the server goes away for a moment.</summary>
    public async Task<Backup> BackUpAsync()
    {
        var copy = Path.Combine(_folder, "backup");
        await WithoutStoreAsync(() => Copy(StoreFolder, copy));
        return new Backup(this, copy);
    }

    public ValueTask DisposeAsync() => new(StopAsync(_processes, _folder));

    private string StoreFolder => Path.Combine(_folder, "etcd");

    /// <summary>Does something to the store while nothing runs, as one does who restores it: all that watch it begin anew.</summary>
    private async Task WithoutStoreAsync(Action act)
    {
        await StopAsync(_processes);
        act();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        _processes.AddRange(_starts.SkipLast(1).Select(static start => start()));
        await WaitUntilReadyAsync();
        _processes.Add(_starts[^1]());
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static async Task<KubeApiServer> StartAsync(
        KubeAssets assets, string name, IEnumerable<string> tokens, bool checksOwners, string folder, List<GuardedProcess> processes)
    {
        var (client, peer, port) = (Loopback.FreePort(), Loopback.FreePort(), Loopback.FreePort());
        GuardedProcess StartStore() => GuardedProcess.Start(assets["etcd"], folder,
        [
            "--unsafe-no-fsync",
            $"--data-dir={folder}/etcd",
            $"--listen-client-urls=http://127.0.0.1:{client}",
            $"--advertise-client-urls=http://127.0.0.1:{client}",
            $"--listen-peer-urls=http://127.0.0.1:{peer}",
            $"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            $"--initial-cluster=default=http://127.0.0.1:{peer}",
        ]);

        var tokenFile = Path.Combine(folder, "tokens.csv");
        await File.WriteAllLinesAsync(tokenFile, [$"{AdminToken},admin,admin,\"system:masters\"", .. tokens]);
        var keyFile = Path.Combine(folder, "service-account.pem");
        using (var key = RSA.Create(2048))
        {
            await File.WriteAllTextAsync(keyFile, key.ExportRSAPrivateKeyPem());
        }

        var auditPolicy = Path.Combine(folder, "audit-policy.yaml");
        await File.WriteAllTextAsync(auditPolicy, AuditLog.Policy);
        var certificates = MakeCertificate(folder);
        GuardedProcess StartServer() => GuardedProcess.Start(assets["kube-apiserver"], folder,
        [
            $"--etcd-servers=http://127.0.0.1:{client}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            $"--secure-port={port}",
            $"--cert-dir={folder}",
            $"--tls-cert-file={folder}/server.crt",
            $"--tls-private-key-file={folder}/server.key",
            $"--token-auth-file={tokenFile}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            $"--service-account-signing-key-file={keyFile}",
            $"--service-account-key-file={keyFile}",
            "--service-cluster-ip-range=10.0.0.0/24",
            $"--audit-policy-file={auditPolicy}",
            $"--audit-log-path={AuditFileIn(folder)}",
            "--disable-admission-plugins=ServiceAccount",
            .. checksOwners ? ["--enable-admission-plugins=OwnerReferencesPermissionEnforcement"] : (IEnumerable<string>)[],
            // As in every cluster that runs its own network; what a namespace may have of it is for policies to say.
            "--allow-privileged=true",
            // Else it writes a lease every ten seconds, which at rest is the only thing that moves.
            "--endpoint-reconciler-type=none",
            "--max-requests-inflight=2000",
            "--max-mutating-requests-inflight=1000",
            // Told to stop, it would wait a minute for those who watch.
        ], signal: "KILL");

        var kubeconfig = Path.Combine(folder, "kubeconfig");
        GuardedProcess StartControllers() => GuardedProcess.Start(assets["kube-controller-manager"], folder,
        [
            $"--kubeconfig={kubeconfig}",
            // The last one looks policies over, and came with them.
            $"--controllers={Controllers}{(assets.Version < new Version(1, 30) ? "" : ",validatingadmissionpolicy-status-controller")}",
            "--leader-elect=false",
            "--secure-port=0",
            // The insecure port of old ones, which newer ones do not know.
            .. assets.Version < new Version(1, 24) ? ["--port=0"] : (IEnumerable<string>)[],
            $"--service-account-private-key-file={keyFile}",
            "--concurrent-gc-syncs=4",
            "--concurrent-namespace-syncs=4",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]);

        var server = new KubeApiServer(processes, [StartStore, StartServer, StartControllers], folder, name, port, certificates);
        await File.WriteAllTextAsync(kubeconfig, server.Kubeconfig());
        await server.StartAsync();
        return server;
    }

    private static string AuditFileIn(string folder) => Path.Combine(folder, "audit.log");

    private static async Task StopAsync(List<GuardedProcess> processes, string folder)
    {
        await StopAsync(processes);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task StopAsync(List<GuardedProcess> processes)
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            await process.DisposeAsync();
        }

        processes.Clear();
    }

    private static string MakeCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        var pem = certificate.ExportCertificatePem();
        File.WriteAllText(Path.Combine(folder, "server.crt"), pem);
        File.WriteAllText(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
        return pem;
    }

    private async Task WaitUntilReadyAsync()
    {
        using var trusted = X509Certificate2.CreateFromPem(_certificates);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == trusted.GetCertHashString(),
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", AdminToken);
        var watch = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (_processes.Any(process => process.HasExited) || watch.Elapsed > StartDeadline)
            {
                throw new InvalidOperationException($"The API server {Name} did not come up within {StartDeadline.TotalSeconds:0} s. {LastWords()}");
            }

            await Task.Delay(Between, TimeProvider.System);
        }

        async Task<bool> IsReadyAsync()
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("readyz", UriKind.Relative));
                // The first namespaces come a moment after it is ready.
                return answer.IsSuccessStatusCode && (await http.GetAsync(new Uri("api/v1/namespaces/default", UriKind.Relative))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    private string LastWords() => string.Join("\n\n", _processes.Select(process => process.LastWords()));

    /// <summary>What the store was at one moment.</summary>
    internal sealed class Backup(KubeApiServer server, string copy) : IDisposable
    {
        /// <summary>Makes it so again.</summary>
        public Task RestoreAsync() => server.WithoutStoreAsync(() =>
        {
            Directory.Delete(server.StoreFolder, recursive: true);
            Copy(copy, server.StoreFolder);
        });

        public void Dispose() => Directory.Delete(copy, recursive: true);
    }
}
