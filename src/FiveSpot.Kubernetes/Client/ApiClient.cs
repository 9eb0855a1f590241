// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>Speaks to one API server.</summary>
/// <remarks>
/// Nothing is retried in here, save once after 401 with fresh credentials. Every call ends: with its answer, with
/// <see cref="ApiException"/> (the server said no), with <see cref="ApiUnreachableException"/> (no answer), or with
/// <see cref="OperationCanceledException"/> when the caller's token says so.
/// </remarks>
public sealed class ApiClient : IDisposable
{
    private const string Json = "application/json";
    private const string Metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    private const string MetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

    private readonly ApiClientOptions _options;
    private readonly Credentials? _credentials;
    private readonly HttpMessageInvoker _http;
    private readonly string _base;
    private readonly string? _host;

    /// <summary>Creates a client; no connection is made yet.</summary>
    /// <param name="connection">Where and as whom.</param>
    /// <param name="options">How; null for the defaults.</param>
    public ApiClient(ClusterConnection connection, ApiClientOptions? options = null)
    {
        _options = options ?? new ApiClientOptions();
        Connection = connection;
        _credentials = connection.CreateCredentials?.Invoke(_options.NetworkTime);
        _base = connection.Server.AbsoluteUri.TrimEnd('/');
        _host = connection.TlsServerName;
        HttpMessageHandler handler = ServerTransport.CreateHandler(connection, _options.Share);
        _http = new HttpMessageInvoker(_options.WrapHandler?.Invoke(handler) ?? handler, disposeHandler: true);
    }

    /// <summary>Where this client speaks to.</summary>
    public ClusterConnection Connection { get; }

    /// <summary>The time that timeouts are measured with.</summary>
    public TimeProvider NetworkTime => _options.NetworkTime;

    /// <summary>Tells the keys of objects apart in caches; null for the default.</summary>
    public IEqualityComparer<ObjectKey>? KeyComparer => _options.KeyComparer;

    /// <summary>How long a watch is asked for at least.</summary>
    public TimeSpan WatchTimeout => _options.WatchTimeout;

    /// <summary>Numbers in [0, 1) by which the waits of whoever uses this client are spread.</summary>
    public Func<double> Jitter => _options.Jitter;

    /// <summary>Gets an object.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object.</returns>
    /// <exception cref="ApiException">The server refused; 404 if there is no such object.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<T> GetAsync<T>(
        ResourceType type, ObjectKey key, DecodeObject<T> decode, CancellationToken cancellationToken) =>
        CallAsync(new("get", type, key), HttpMethod.Get, type.ObjectPath(key), default, null, Json, decode, cancellationToken);

    /// <summary>Gets an object that may not exist.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object, or null if the server says that there is none.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public async Task<T?> TryGetAsync<T>(
        ResourceType type, ObjectKey key, DecodeObject<T> decode, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await GetAsync(type, key, decode, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Gets the metadata of an object that may not exist, without its content crossing the network.</summary>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The metadata, or null if the server says that there is none.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public async Task<PartialObject?> TryGetMetadataAsync(
        ResourceType type, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(
                new("get", type, key), HttpMethod.Get, type.ObjectPath(key), default, null, Metadata, PartialObject.Decode,
                cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>A client of another API server that speaks as this one does.</summary>
    /// <param name="other">Where and as whom.</param>
    /// <param name="share">What may be held of what it says; null where it is trusted.</param>
    public ApiClient ConnectTo(ClusterConnection other, CacheShare? share = null) => new(other, _options with { Share = share });

    /// <summary>What may be held of what the server says; null where it is trusted.</summary>
    internal CacheShare? Share => _options.Share;

    private bool IsBounded => Connection.IsUntrusted || Share is not null;

    private int MaxObjectBytes => IsBounded ? Math.Min(_options.MaxResponseBytes, CacheLimits.MaxObjectBytes) : _options.MaxResponseBytes;

    private int MaxAnswerBytes => IsBounded ? Math.Min(_options.MaxResponseBytes, CacheLimits.MaxAnswerBytes) : _options.MaxResponseBytes;

    /// <summary>Gets any path, for discovery and the like.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="path">An absolute path on the server, escaped, with its query.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<T> GetRawAsync<T>(string path, DecodeObject<T> decode, CancellationToken cancellationToken) =>
        CallAsync(new("get", null, default, path), HttpMethod.Get, path, default, null, Json, decode, cancellationToken);

    /// <summary>Creates an object.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="ns">Its namespace; empty for a cluster-scoped object.</param>
    /// <param name="utf8Json">The object.</param>
    /// <param name="fieldManager">Who owns the fields that are set.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server stored it.</returns>
    /// <exception cref="ApiException">The server refused; 409 AlreadyExists if there is one of that name.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; the object may have been created.</exception>
    public Task<T> CreateAsync<T>(
        ResourceType type, string ns, ReadOnlyMemory<byte> utf8Json, string fieldManager, DecodeObject<T> decode,
        CancellationToken cancellationToken) =>
        CreateAsync(type, ns, utf8Json, fieldManager, options: null, decode, cancellationToken);

    /// <summary>Creates an object, or asks whether the server would.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="ns">Its namespace; empty for a cluster-scoped object.</param>
    /// <param name="utf8Json">The object.</param>
    /// <param name="fieldManager">Who owns the fields that are set.</param>
    /// <param name="options">How; null for the server's defaults.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server stored it, or would.</returns>
    /// <exception cref="ApiException">The server refused; 409 AlreadyExists if there is one of that name.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; the object may have been created.</exception>
    public Task<T> CreateAsync<T>(
        ResourceType type, string ns, ReadOnlyMemory<byte> utf8Json, string fieldManager, CreateOptions? options,
        DecodeObject<T> decode, CancellationToken cancellationToken) =>
        CallAsync(
            new(options is { DryRun: true } ? "dry-run" : "create", type, new(ns, "")), HttpMethod.Post,
            $"{type.CollectionPath(ns)}?{Manager(fieldManager)}{options?.Query}", utf8Json, Json, Json, decode, cancellationToken);

    /// <summary>Replaces an object; with a <c>metadata.resourceVersion</c> in it, only that version.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="utf8Json">The object.</param>
    /// <param name="fieldManager">Who owns the fields that are set.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server stored it.</returns>
    /// <exception cref="ApiException">The server refused; 409 if the version is another.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; the object may have been replaced.</exception>
    public Task<T> ReplaceAsync<T>(
        ResourceType type, ObjectKey key, ReadOnlyMemory<byte> utf8Json, string fieldManager, string? subresource,
        DecodeObject<T> decode, CancellationToken cancellationToken) =>
        CallAsync(
            new("replace", type, key, subresource), HttpMethod.Put,
            $"{type.ObjectPath(key, subresource)}?{Manager(fieldManager)}", utf8Json, Json, Json, decode, cancellationToken);

    /// <summary>Server-side apply: creates the object or sets those of its fields that are given.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="utf8Json">The fields that the manager wants to own, with <c>apiVersion</c> and <c>kind</c>.</param>
    /// <param name="fieldManager">Who owns them.</param>
    /// <param name="force">Takes fields over from other managers.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">How long to wait for the answer; null for as long as usual.</param>
    /// <returns>The object as the server stored it.</returns>
    /// <exception cref="ApiException">The server refused; 409 if another manager owns a field, or if the version or uid
    /// given is another.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been applied.</exception>
    public Task<T> ApplyAsync<T>(
        ResourceType type, ObjectKey key, ReadOnlyMemory<byte> utf8Json, string fieldManager, bool force,
        string? subresource, DecodeObject<T> decode, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        CallAsync(
            new("apply", type, key, subresource), HttpMethod.Patch,
            $"{type.ObjectPath(key, subresource)}?{Manager(fieldManager)}&force={(force ? "true" : "false")}", utf8Json,
            "application/apply-patch+yaml", Json, decode, cancellationToken, timeout);

    /// <summary>Patches with a JSON merge patch (RFC 7386).</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">The resource type.</param>
    /// <param name="key">The object.</param>
    /// <param name="utf8Json">The patch; a <c>metadata.resourceVersion</c> or <c>metadata.uid</c> in it is a precondition.</param>
    /// <param name="fieldManager">Who owns the fields that are set.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">How long to wait for the answer; null for as long as usual.</param>
    /// <returns>The object as the server stored it.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been patched.</exception>
    public Task<T> MergePatchAsync<T>(
        ResourceType type, ObjectKey key, ReadOnlyMemory<byte> utf8Json, string fieldManager, string? subresource,
        DecodeObject<T> decode, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        CallAsync(
            new("patch", type, key, subresource), HttpMethod.Patch,
            $"{type.ObjectPath(key, subresource)}?{Manager(fieldManager)}", utf8Json, "application/merge-patch+json", Json, decode,
            cancellationToken, timeout);

    /// <summary>Patches with a JSON patch (RFC 6902); its <c>test</c> operations are preconditions.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">The resource type.</param>
    /// <param name="key">The object.</param>
    /// <param name="utf8Json">The patch, an array.</param>
    /// <param name="fieldManager">Who owns the fields that are set.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null.</param>
    /// <param name="decode">Decodes the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The object as the server stored it.</returns>
    /// <exception cref="ApiException">The server refused; 422 if a <c>test</c> failed.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been patched.</exception>
    public Task<T> JsonPatchAsync<T>(
        ResourceType type, ObjectKey key, ReadOnlyMemory<byte> utf8Json, string fieldManager, string? subresource,
        DecodeObject<T> decode, CancellationToken cancellationToken) =>
        CallAsync(
            new("patch", type, key, subresource), HttpMethod.Patch,
            $"{type.ObjectPath(key, subresource)}?{Manager(fieldManager)}", utf8Json, "application/json-patch+json", Json, decode,
            cancellationToken);

    /// <summary>Deletes an object. It may live on for as long as it has finalizers or a grace period.</summary>
    /// <param name="type">Its resource type.</param>
    /// <param name="key">Its key.</param>
    /// <param name="options">How, and on what conditions; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A task that ends when the server has accepted the deletion.</returns>
    /// <exception cref="ApiException">The server refused; 404 if there is none; 409 if a precondition fails.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; the deletion may have been accepted.</exception>
    public Task DeleteAsync(
        ResourceType type, ObjectKey key, DeleteOptions? options, CancellationToken cancellationToken) =>
        CallAsync(
            new("delete", type, key), HttpMethod.Delete, type.ObjectPath(key), Render(options ?? new()), Json, Json,
            static _ => 0, cancellationToken);

    /// <summary>Posts to a subresource, such as <c>eviction</c> of a Pod.</summary>
    /// <param name="type">The resource type.</param>
    /// <param name="key">The object.</param>
    /// <param name="subresource">The subresource.</param>
    /// <param name="utf8Json">The body.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>A task that ends when the server has accepted it.</returns>
    /// <exception cref="ApiException">The server refused; of an eviction, 429 if a PodDisruptionBudget is against it.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been accepted.</exception>
    public Task PostAsync(
        ResourceType type, ObjectKey key, string subresource, ReadOnlyMemory<byte> utf8Json,
        CancellationToken cancellationToken) =>
        CallAsync(
            new("post", type, key, subresource), HttpMethod.Post, type.ObjectPath(key, subresource), utf8Json, Json, Json,
            static _ => 0, cancellationToken);

    /// <summary>Lists objects, all pages. An expired continue token starts it over, once, without pages.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">The resource type.</param>
    /// <param name="options">Which objects.</param>
    /// <param name="decode">Decodes one object.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>All objects, as one page.</returns>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public async Task<ListPage<T>> ListAsync<T>(
        ResourceType type, ListOptions options, DecodeObject<T> decode, CancellationToken cancellationToken)
    {
        var page = await ListPageAsync(type, options, null, decode, cancellationToken);
        if (page.Continue is null)
        {
            return page;
        }

        var items = new List<T>(page.Items);
        try
        {
            while (page.Continue is not null)
            {
                page = await ListPageAsync(type, options, page.Continue, decode, cancellationToken);
                items.AddRange(page.Items);
            }
        }
        catch (ApiException e) when (e.IsGone)
        {
            return await ListPageAsync(type, options with { PageSize = 0 }, null, decode, cancellationToken);
        }

        return page with { Items = items };
    }

    /// <summary>Lists one page.</summary>
    /// <typeparam name="T">The projection.</typeparam>
    /// <param name="type">The resource type.</param>
    /// <param name="options">Which objects.</param>
    /// <param name="continueToken">The token of the page before, or null for the first.</param>
    /// <param name="decode">Decodes one object.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The page.</returns>
    /// <exception cref="ApiException">The server refused; 410 if the token has expired.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public Task<ListPage<T>> ListPageAsync<T>(
        ResourceType type, ListOptions options, string? continueToken, DecodeObject<T> decode,
        CancellationToken cancellationToken)
    {
        var path = new StringBuilder(type.CollectionPath(options.Namespace));
        var separator = '?';
        Append(path, ref separator, "labelSelector", options.LabelSelector);
        Append(path, ref separator, "fieldSelector", options.FieldSelector);
        Append(path, ref separator, "limit", options.PageSize > 0 ? options.PageSize.ToString(CultureInfo.InvariantCulture) : null);
        Append(path, ref separator, "continue", continueToken);
        Append(path, ref separator, "resourceVersion", options.FromCache && continueToken is null ? "0" : null);
        var operation = new Operation("list", type, new(options.Namespace ?? "", ""));
        return TracedAsync(operation, () => ExchangeAsync(
            operation, HttpMethod.Get, path.ToString(), default, null, options.MetadataOnly ? MetadataList : Json,
            (content, stop) => new ListStream<T>(MaxAnswerBytes, decode, Share, NetworkTime).ReadAsync(content, stop), _options.RequestTimeout, cancellationToken));
    }

    /// <summary>Watches: calls back for each event, in order, until the server ends the watch.</summary>
    /// <param name="type">The resource type.</param>
    /// <param name="options">What, and from where.</param>
    /// <param name="onEvent">Takes each event; never called by two at once.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>A task that ends when the server ends the watch in an orderly way; a last event that was cut in two is
    /// dropped.</returns>
    /// <exception cref="ApiException">The server refused, or sent an error event; 410 if the version is too old.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer, the connection broke, or the server neither sent
    /// nor ended anything in time.</exception>
    public async Task WatchAsync(
        ResourceType type, WatchOptions options, WatchEventHandler onEvent, CancellationToken cancellationToken)
    {
        var path = new StringBuilder(type.CollectionPath(options.Namespace));
        var separator = '?';
        Append(path, ref separator, "watch", "true");
        Append(path, ref separator, "allowWatchBookmarks", "true");
        Append(path, ref separator, "resourceVersion", options.ResourceVersion);
        Append(path, ref separator, "timeoutSeconds", ((long)Math.Ceiling(options.Timeout.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        Append(path, ref separator, "labelSelector", options.LabelSelector);
        Append(path, ref separator, "fieldSelector", options.FieldSelector);

        var operation = new Operation("watch", type, new(options.Namespace ?? "", ""));
        var limit = _options.RequestTimeout;
        using var timeout = new CancellationTokenSource(limit, NetworkTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await OpenAsync(
                operation, HttpMethod.Get, path.ToString(), default, null, options.MetadataOnly ? Metadata : Json, either.Token);
            limit = options.Timeout + options.StallGrace;
            timeout.CancelAfter(limit);
            options.Opened?.Invoke();
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            await new WatchStream(operation, Connection, MaxAnswerBytes, onEvent, Share, NetworkTime).ReadAsync(stream, either.Token);
        }
        catch (Exception e) when (IsTransport(e, cancellationToken))
        {
            throw ApiUnreachableException.From(operation, Connection, limit, timeout.IsCancellationRequested, e);
        }
    }

    /// <summary>Closes the connections. Calls under way fail.</summary>
    public void Dispose() => _http.Dispose();

    private Task<T> CallAsync<T>(
        Operation operation, HttpMethod method, string path, ReadOnlyMemory<byte> body, string? contentType, string accept,
        DecodeObject<T> decode, CancellationToken cancellationToken, TimeSpan? timeout = null) => TracedAsync(operation, () => ExchangeAsync(
            operation, method, path, body, contentType, accept,
            async (content, stop) =>
            {
                using var whole = await PooledBody.ReadAsync(content, MaxObjectBytes, cutAtMax: false, stop);
                return decode(whole.Span);
            },
            timeout ?? _options.RequestTimeout, cancellationToken));

    private Task<T> TracedAsync<T>(Operation operation, Func<Task<T>> exchange) => RuntimeTraces.AreRecorded ? TraceAsync(operation, exchange) : exchange();

    private async Task<T> TraceAsync<T>(Operation operation, Func<Task<T>> exchange)
    {
        using var span = RuntimeTraces.Begin(operation, Connection);
        try
        {
            var answer = await exchange();
            RuntimeTraces.End(span, null);
            return answer;
        }
        catch (Exception exception)
        {
            RuntimeTraces.End(span, exception);
            throw;
        }
    }

    private async Task<T> ExchangeAsync<T>(
        Operation operation, HttpMethod method, string path, ReadOnlyMemory<byte> body, string? contentType, string accept,
        Func<HttpContent, CancellationToken, Task<T>> read, TimeSpan limit, CancellationToken cancellationToken)
    {
        var allowed = _options.WritingAllowed is { } ask && operation.IsWrite ? ask() : CancellationToken.None;
        if (allowed.IsCancellationRequested)
        {
            throw ApiUnreachableException.NotLeading(operation);
        }

        using var timeout = new CancellationTokenSource(limit, NetworkTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, allowed);
        try
        {
            using var response = await OpenAsync(operation, method, path, body, contentType, accept, either.Token);
            try
            {
                return await read(response.Content, either.Token);
            }
            catch (Exception e) when (IsUndecodable(e))
            {
                throw new ApiException(200, ApiException.UndecodableReason, $"{operation}: the answer can't be decoded: {e.Message}", e);
            }
        }
        catch (Exception e) when (IsTransport(e, cancellationToken))
        {
            throw allowed.IsCancellationRequested && e is OperationCanceledException
                ? ApiUnreachableException.NotLeading(operation)
                : ApiUnreachableException.From(operation, Connection, limit, timeout.IsCancellationRequested, e);
        }
    }

    /// <summary>Sends a request; the response's head is there and is a success in JSON, its body is not read yet.</summary>
    private async Task<HttpResponseMessage> OpenAsync(
        Operation operation, HttpMethod method, string path, ReadOnlyMemory<byte> body, string? contentType, string accept,
        CancellationToken cancellationToken)
    {
        AuthenticationHeaderValue? rejected = null;
        while (true)
        {
            var authorization = _credentials is null ? null : await _credentials.GetAsync(rejected, cancellationToken);
            var response = await SendAsync(method, path, body, contentType, accept, authorization, cancellationToken);
            RuntimeMetrics.Request(operation.Verb, response.StatusCode);
            try
            {
                var code = (int)response.StatusCode;
                var mediaType = response.Content.Headers.ContentType?.MediaType;
                if (response.IsSuccessStatusCode && mediaType == Json)
                {
                    return response;
                }

                using var content = await PooledBody.ReadAsync(response.Content, 64 << 10, cutAtMax: true, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    throw StatusAnswer.NotJson(operation, Connection, code, mediaType, content.Span);
                }

                // A request that was not let in was not done: to send a write again is safe.
                if (response.StatusCode != HttpStatusCode.Unauthorized || rejected is not null || authorization is null
                    || ReferenceEquals(await _credentials!.GetAsync(authorization, cancellationToken), authorization))
                {
                    throw StatusAnswer.ToException(
                        operation, Connection, code, response.Headers, mediaType, content.Span, NetworkTime.GetUtcNow());
                }

                rejected = authorization;
                response.Dispose();
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte> body, string? contentType, string accept,
        AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, _base + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Authorization = authorization;
        request.Headers.Host = _host;
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        if (contentType is not null)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return await _http.SendAsync(request, cancellationToken);
    }

    // Not what derives from these: of a connection that was closed meanwhile, say.
    private static bool IsUndecodable(Exception e) =>
        e is JsonException or FormatException or KeyNotFoundException or ArithmeticException
        || e.GetType() == typeof(InvalidOperationException) || e.GetType() == typeof(ArgumentException) || e is ArgumentOutOfRangeException;

    private static bool IsTransport(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException or InvalidDataException or ClusterConnectionException or SocketException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string Manager(string fieldManager) => $"fieldManager={Uri.EscapeDataString(fieldManager)}";

    private static void Append(StringBuilder path, ref char separator, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            path.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
    }

    private static ReadOnlyMemory<byte> Render(DeleteOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(192);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion", "v1");
        json.WriteString("kind", "DeleteOptions");
        if (options.Uid is not null || options.ResourceVersion is not null)
        {
            json.WriteStartObject("preconditions");
            if (options.Uid is not null)
            {
                json.WriteString("uid", options.Uid);
            }

            if (options.ResourceVersion is not null)
            {
                json.WriteString("resourceVersion", options.ResourceVersion);
            }

            json.WriteEndObject();
        }

        if (options.PropagationPolicy is { } policy)
        {
            json.WriteString("propagationPolicy", policy switch
            {
                PropagationPolicy.Foreground => "Foreground",
                PropagationPolicy.Orphan => "Orphan",
                _ => "Background",
            });
        }

        if (options.GracePeriodSeconds is { } seconds)
        {
            json.WriteNumber("gracePeriodSeconds", seconds);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
