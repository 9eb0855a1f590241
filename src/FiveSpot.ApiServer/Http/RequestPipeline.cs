// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Admission;
using FiveSpot.ApiServer.Controllers;
using FiveSpot.ApiServer.Discovery;
using FiveSpot.ApiServer.Patching;
using FiveSpot.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Http;

/// <summary>What every request passes through: observation, authentication, routing, and the making of errors into Status objects.</summary>
internal sealed class RequestPipeline : IDisposable
{
    private readonly ResourceCatalog _catalog;
    private readonly TimeProvider _clock;
    private readonly byte[] _authorization;
    private readonly DiscoveryHandler _discovery;
    private readonly OpenApiHandler _openApi;
    private readonly ResourceRouter _router;
    private readonly WatchHandler _watchHandler;
    private CancellationTokenSource _watches = new();
    private long _sequence;
    private volatile bool _abort;

    public RequestPipeline(
        ResourceCatalog catalog,
        ObjectWriter writer,
        ObjectDeleter deleter,
        DisruptionController disruptions,
        AdmissionWebhooks webhooks,
        EmbeddedApiServerOptions options,
        Chance chance,
        string token)
    {
        _catalog = catalog;
        _clock = options.Clock;
        _authorization = Encoding.UTF8.GetBytes("Bearer " + token);
        _discovery = new DiscoveryHandler(catalog);
        _openApi = new OpenApiHandler(catalog);
        var reader = new ObjectReader(catalog.Store, options.Clock);
        _watchHandler = new WatchHandler(reader, options.Clock, options.TransportClock, options.BookmarkInterval, chance);
        _router = new ResourceRouter(
            reader,
            _watchHandler,
            new WriteHandlers(writer, reader),
            new DeleteHandlers(deleter, reader),
            new SubresourceHandlers(catalog, writer, deleter, reader, disruptions, webhooks));
    }

    /// <summary>Called for each request, before and after.</summary>
    public Action<ObservedRequest>? Observed { get; set; }

    public FaultInjector? Faults { get; set; }

    /// <summary>Has each watch that takes bookmarks send one, once it has sent all changes before.</summary>
    public void SendBookmarks()
    {
        _watchHandler.SendBookmarks();
        foreach (var resource in _catalog.Store.Resources)
        {
            resource.Wake();
        }
    }

    /// <summary>Ends the open watches as if the connections broke; new ones may be opened.</summary>
    public void AbortWatches()
    {
        _abort = true;
        EndWatches();
    }

    /// <summary>Ends the open watches in good order.</summary>
    public void EndWatches() => Interlocked.Exchange(ref _watches, new CancellationTokenSource()).Cancel();

    public void Dispose() => _watches.Dispose();

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var target = path.StartsWith("/api/", StringComparison.Ordinal) || path.StartsWith("/apis/", StringComparison.Ordinal) ? RequestTarget.Parse(path) : null;
        var verb = VerbOf(http, target);
        var request = new ApiRequest(
            Interlocked.Increment(ref _sequence), verb, path, http.Request.QueryString.Value ?? string.Empty, http.Request.Headers.UserAgent.ToString());
        Observed?.Invoke(new ObservedRequest(request, RequestStage.Before, null));
        var fault = await FaultAsync(request, RequestStage.Before, http);
        var response = fault is null ? await AnswerAsync(http, path, verb, target) : Faulty(fault);
        if (fault is null && await FaultAsync(request, RequestStage.After, http) is { } late)
        {
            fault = late;
            response = Faulty(late);
        }

        Observed?.Invoke(new ObservedRequest(request, RequestStage.After, response.Status));
        if (fault is { IsAbort: true })
        {
            http.Abort();
            return;
        }

        await WriteAsync(http, response);
    }

    private static string VerbOf(HttpContext http, RequestTarget? target)
    {
        var method = http.Request.Method;
        if (target is null)
        {
            return method.ToLowerInvariant();
        }

        var isCollection = target.Name is null;
        return method switch
        {
            "GET" or "HEAD" when http.Request.Query["watch"].ToString() is "true" or "1" && isCollection => "watch",
            "GET" or "HEAD" => isCollection ? "list" : "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => isCollection ? "deletecollection" : "delete",
            _ => method.ToLowerInvariant(),
        };
    }

    private static ApiResponse Faulty(RequestFault fault) => fault.IsAbort
        ? new ApiResponse { Status = 0 }
        : ApiResponse.From(new StatusException(
            fault.Status,
            fault.Reason,
            fault.Message,
            fault.RetryAfterSeconds is { } seconds ? new JsonObject { ["retryAfterSeconds"] = seconds } : null));

    private async ValueTask<RequestFault?> FaultAsync(ApiRequest request, RequestStage stage, HttpContext http) =>
        Faults is { } faults ? await faults(request, stage, http.RequestAborted) : null;

    private async Task<ApiResponse> AnswerAsync(HttpContext http, string path, string verb, RequestTarget? target)
    {
        ApiCall? call = null;
        try
        {
            switch (path)
            {
                case "/healthz" or "/livez" or "/readyz":
                    return ApiResponse.Text("ok");
                case "/version":
                    return ApiResponse.Json(DiscoveryHandler.Version());
            }

            var sent = Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString());
            if (!CryptographicOperations.FixedTimeEquals(sent, _authorization))
            {
                throw Refusal.Unauthorized();
            }

            if (target is null || (target.Name is null && target.Namespace is null && target.Plural.Length == 0))
            {
                return _discovery.Handle(http, path) ?? _openApi.Handle(http, path) ?? Unknown(target, path);
            }

            var resource = _catalog.Find(target.Group, target.Version, target.Plural);
            if (resource is null || (target.Namespace is not null && !resource.Namespaced && target.Plural != "namespaces"))
            {
                return Unknown(target, path);
            }

            call = new ApiCall(http, target, resource, _clock.GetUtcNow());
            return await _router.HandleAsync(call, verb);
        }
        catch (StatusException refused)
        {
            return ApiResponse.From(refused).Warn(call?.Warnings ?? []);
        }
        catch (ApplyConflictException conflict)
        {
            return ApiResponse.Json(PatchErrors.Conflict(conflict), 409);
        }
        catch (PatchException refused)
        {
            return ApiResponse.From(PatchErrors.Refused(refused));
        }
        catch (Exception broken) when (broken is not OperationCanceledException || !http.RequestAborted.IsCancellationRequested)
        {
            return ApiResponse.From(Refusal.Internal(broken.ToString()));
        }
    }

    /// <summary>In a group that is always there, the answer is a Status; elsewhere nobody feels responsible.</summary>
    private static ApiResponse Unknown(RequestTarget? target, string path) =>
        (target is null ? path.StartsWith("/api/", StringComparison.Ordinal) : BuiltInResources.IsGroup(target.Group))
            ? throw Refusal.NoSuchResource()
            : ApiResponse.PageNotFound();

    private async Task WriteAsync(HttpContext http, ApiResponse response)
    {
        if (response.Stream is null)
        {
            await response.WriteAsync(http, http.RequestAborted);
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _watches.Token);
        try
        {
            await response.WriteAsync(http, ending.Token);
        }
        catch (OperationCanceledException)
        {
            if (_abort && !http.RequestAborted.IsCancellationRequested)
            {
                http.Abort();
            }
        }
    }
}
