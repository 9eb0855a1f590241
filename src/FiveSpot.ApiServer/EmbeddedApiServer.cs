// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography;
using System.Text;
using FiveSpot.ApiServer.Admission;
using FiveSpot.ApiServer.Controllers;
using FiveSpot.ApiServer.Http;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace FiveSpot.ApiServer;

/// <summary>
/// A Kubernetes API server within this process: in memory, on loopback, behind TLS and a bearer token. It serves kubectl and
/// controllers as kube-apiserver does, with the parts of the controller manager that make objects go away: garbage collection,
/// namespace deletion, and the status of PodDisruptionBudgets.
/// </summary>
public sealed class EmbeddedApiServer : IAsyncDisposable
{
    private readonly WebApplication? _web;
    private readonly ObjectStore _store;
    private readonly RequestPipeline _pipeline;
    private readonly ControllerLoop _controllers;
    private readonly IReadOnlyList<IDisposable> _parts;
    private bool _disposed;

    private EmbeddedApiServer(WebApplication? web, ObjectStore store, RequestPipeline pipeline, ControllerLoop controllers, IReadOnlyList<IDisposable> parts, string name, string token)
    {
        _web = web;
        _store = store;
        _pipeline = pipeline;
        _controllers = controllers;
        _parts = parts;
        Name = name;
        Token = token;
        Address = web is null ? new Uri($"https://{name}") : AddressOf(web);
    }

    /// <summary>Every request, before and after it took effect. Called on the request's own thread: be quick. Null for none; may be set at any time.</summary>
    public Action<ObservedRequest>? RequestObserver
    {
        get => _pipeline.Observed;
        set => _pipeline.Observed = value;
    }

    /// <summary>Names cluster, user and context in the kubeconfig.</summary>
    public string Name { get; }

    /// <summary>Where the server listens: <c>https://127.0.0.1:port</c>; of one that does not, its name.</summary>
    public Uri Address { get; }

    /// <summary>The bearer token that clients must send.</summary>
    public string Token { get; }

    /// <summary>The certificate authority that clients must trust, PEM.</summary>
    public string CaPem { get; } = ServerCertificate.Instance.AuthorityPem;

    /// <summary>The resourceVersion of the latest write.</summary>
    public long ResourceVersion => _store.ResourceVersion;

    /// <summary>How many objects there are, and how many changes are remembered.</summary>
    internal ObjectStore Store => _store;

    /// <summary>How many objects there are, and how many changes are remembered.</summary>
    internal (int Objects, long Changes) Size => _store.Size;

    /// <summary>Makes chosen requests fail; null for none. May be set at any time.</summary>
    public FaultInjector? FaultInjector
    {
        get => _pipeline.Faults;
        set => _pipeline.Faults = value;
    }

    /// <summary>Starts a server and returns when it accepts connections.</summary>
    /// <exception cref="InvalidOperationException">The port is in use.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port or the length of the history is no possible one.</exception>
    public static async Task<EmbeddedApiServer> StartAsync(EmbeddedApiServerOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new EmbeddedApiServerOptions();
        if (options.Port is < 0 or > IPEndPoint.MaxPort || options.HistoryLength < 1 || options.StorageInitialization < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options, "The port is 0 to 65535, the length of the history at least 1, the time of initialization not negative.");
        }

        var token = options.Token ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
        var store = new ObjectStore(new History(options.HistoryLength, options.HistoryAge, options.TransportClock));
        var catalog = new ResourceCatalog(store);
        _ = new CustomResources(catalog, options.TransportClock, options.StorageInitialization);
        var webhooks = new AdmissionWebhooks(catalog, options.TransportClock);
        var chance = new Chance(options.Random);
        var writer = new ObjectWriter(catalog, webhooks, options.Clock, chance);
        var deleter = new ObjectDeleter(webhooks, options.Clock);
        var controllers = new ControllerLoop(catalog, writer, deleter, options.TransportClock);
        var events = new EventExpiry(catalog, options.EventTtl, options.Clock);
        var pipeline = new RequestPipeline(catalog, writer, deleter, controllers.Disruptions, webhooks, options, chance, token);
        await SystemNamespaces.CreateAsync(catalog, writer);

        var web = options.Listens ? Build(options.Port, pipeline) : null;
        try
        {
            await (web?.StartAsync(cancellation) ?? Task.CompletedTask);
        }
        catch (IOException unusable) when (unusable.InnerException is AddressInUseException)
        {
            await web!.DisposeAsync();
            throw new InvalidOperationException($"The embedded API server '{options.Name}' can't listen on 127.0.0.1:{options.Port}: the port is in use.", unusable);
        }

        return new EmbeddedApiServer(web, store, pipeline, controllers, [events, webhooks], options.Name, token);
    }

    /// <summary>A kubeconfig, as YAML, with one context that uses the token.</summary>
    public string Kubeconfig()
    {
        var authority = Convert.ToBase64String(Encoding.UTF8.GetBytes(CaPem));
        return $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: {Name}
              cluster:
                server: {Address.GetLeftPart(UriPartial.Authority)}
                certificate-authority-data: {authority}
            users:
            - name: {Name}
              user:
                token: {Token}
            contexts:
            - name: {Name}
              context:
                cluster: {Name}
                user: {Name}
                namespace: default
            current-context: {Name}
            """ + "\n";
    }

    /// <summary>A way to the server from within this process, without a network.</summary>
    public HttpMessageHandler CreateHandler() => new InProcessHandler(_pipeline.HandleAsync);

    /// <summary>What there is now, to be restored later.</summary>
    public StoreBackup BackUp() => _store.BackUp();

    /// <summary>
    /// Goes back to what there was, as a server does whose store is restored: its resourceVersions too. Watches break. Definitions
    /// that came or went since stay as they are.
    /// </summary>
    public void Restore(StoreBackup backup)
    {
        _store.Restore(backup);
        AbortWatches();
    }

    /// <summary>Forgets the history: watches that resume from before now are told 410.</summary>
    public void CompactHistory() => _store.Compact();

    /// <summary>Cuts every watch that is open, without a word, as a broken network does.</summary>
    public void AbortWatches() => _pipeline.AbortWatches();

    /// <summary>Has each watch that takes bookmarks send one, once it has sent all changes before: who has read that one has them all.</summary>
    public void SendBookmarks() => _pipeline.SendBookmarks();

    /// <summary>Waits until garbage collection and the other controllers have nothing more to do for the writes so far.</summary>
    public Task WaitForControllersAsync(CancellationToken cancellation = default) => _controllers.WhenIdleAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _pipeline.EndWatches();
        foreach (var part in _parts)
        {
            part.Dispose();
        }

        await _controllers.DisposeAsync();
        if (_web is not null)
        {
            await _web.StopAsync(new CancellationToken(canceled: true));
            await _web.DisposeAsync();
        }

        _pipeline.Dispose();
    }

    private static Uri AddressOf(WebApplication web) =>
        new($"https://127.0.0.1:{new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port}");

    private static WebApplication Build(int port, RequestPipeline pipeline)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 1024 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 512 * 1024;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(ServerCertificate.Instance.Certificate);
            });
        });
        var web = builder.Build();
        ((IApplicationBuilder)web).Run(pipeline.HandleAsync);
        return web;
    }
}
