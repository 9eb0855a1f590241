// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Kubernetes;

/// <summary>Keeps a cache of all objects of one type, by one list and one watch, and tells of each change.</summary>
/// <remarks>
/// Reads of the cache are free of locks and may be made from any thread. The cache is behind the server by the time that
/// an event takes, and for longer while the server can't be reached: <see cref="State"/> and <see cref="LastContact"/> say so.
/// </remarks>
/// <typeparam name="T">The projection that is kept of each object.</typeparam>
public sealed partial class Informer<T> : IInformer
    where T : class, IKubernetesObject
{
    // Beyond those that as many objects as there may be take.
    private const int SparePages = 16;
    private const int LongestName = 512;
    private static readonly TimeSpan BetweenUndecodable = TimeSpan.FromSeconds(10);

    private readonly ApiClient _client;
    private readonly InformerOptions _options;
    private readonly DecodeObject<T> _decode;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    private readonly VersionLooks _looks;

    // Null where the server is trusted: nothing is counted then.
    private readonly CacheShare? _share;
    private readonly ConcurrentDictionary<ObjectKey, T> _cache;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards all below, and every write of the cache together with its event.
    private readonly Lock _lock = new();

    // Keys whose cached object came from Observe and is ahead of the watch.
    private readonly HashSet<ObjectKey> _ahead = [];

    // While a list is under way: what was observed since it began, which it may not know yet.
    private Dictionary<ObjectKey, T>? _observedDuringList;
    private string _seen = "";
    private long _lastContact;
    private long _decodeFailures;
    private int _failures;
    private bool _pagesExpired;
    private bool _cacheIsTooLarge;
    private long _heldBytes;
    private Listed? _listed;
    private bool _isToBeListed;
    private CancellationTokenSource? _watch;
    private long _toldUndecodable;
    private volatile ResourceType _type;
    private bool _isAtNewVersion;

    /// <summary>Creates an informer; nothing happens until <see cref="RunAsync"/>.</summary>
    /// <param name="client">The API server.</param>
    /// <param name="type">What to watch.</param>
    /// <param name="options">Which objects, and how; null for the defaults.</param>
    /// <param name="decode">Decodes one object. See the remarks there about objects that it can't decode.</param>
    /// <param name="logger">Gets what fails; null for none.</param>
    public Informer(
        ApiClient client, ResourceType type, InformerOptions? options, DecodeObject<T> decode, ILogger? logger = null)
    {
        _client = client;
        _cache = new(client.KeyComparer ?? EqualityComparer<ObjectKey>.Default);
        _share = client.Share;
        _type = type;
        _options = options ?? new InformerOptions();
        _looks = new VersionLooks(isFollowed: _options.Resolve is not null, client.NetworkTime);
        _decode = decode;
        _logger = logger ?? NullLogger.Instance;
        _time = client.NetworkTime;
    }

    /// <summary>Says which objects are kept; of the others nothing is, and none of them is told of. Null for all.</summary>
    public Func<T, bool>? Keeps { get; init; }

    /// <summary>
    /// Raised after each change of the cache, one at a time and in the order of the changes. Handlers run on the watch's own
    /// thread, under a lock: they must be quick (put a key into a queue), and must not throw; what they throw is logged.
    /// </summary>
    public event Action<ObjectChange<T>>? Changed;

    /// <summary>Raised after <see cref="State"/> or <see cref="LastError"/> changed.</summary>
    public event Action? StateChanged;

    /// <summary>Raised after the cache has been filled anew from another version of the kind than before.</summary>
    public event Action? VersionChanged;

    /// <summary>What is watched, at the version at which it is now.</summary>
    public ResourceType Type => _type;

    /// <summary>Whether the cache has been filled once.</summary>
    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>What the informer is doing.</summary>
    public InformerState State { get; private set; }

    /// <summary>What failed last; null once a list or watch has succeeded since.</summary>
    public Exception? LastError { get; private set; }

    /// <summary>How often in a row the server could not be listed or watched; 0 once it could.</summary>
    public int FailuresInARow => Volatile.Read(ref _failures);

    /// <summary>When the server was last heard of, by the network's time; null if never.</summary>
    public DateTimeOffset? LastContact =>
        Interlocked.Read(ref _lastContact) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>How many times an object could not be decoded.</summary>
    public long DecodeFailures => Interlocked.Read(ref _decodeFailures);

    /// <summary>
    /// The resource version up to which the cache is complete: nothing that its selectors match and that was written before
    /// is missing. It lags behind where the server has nothing to tell. Empty before the first list.
    /// </summary>
    public string SeenVersion
    {
        get
        {
            lock (_lock)
            {
                return _seen;
            }
        }
    }

    /// <summary>How many objects the cache holds.</summary>
    public int Count => _cache.Count;

    /// <summary>Gets an object from the cache.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The object, or null if the cache has none of that key.</returns>
    public T? Get(ObjectKey key) => _cache.GetValueOrDefault(key);

    /// <summary>The objects in the cache now.</summary>
    /// <returns>A copy, in no order.</returns>
    public IReadOnlyCollection<T> Snapshot() => [.. _cache.Values];

    /// <summary>Goes through the cache without a copy; what changes meanwhile may or may not be seen.</summary>
    /// <returns>The objects, in no order.</returns>
    public IEnumerable<T> Enumerate()
    {
        foreach (var (_, value) in _cache)
        {
            yield return value;
        }
    }

    /// <summary>Waits until the cache has been filled once.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends then.</returns>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Puts the answer to a write of our own into the cache, if it is newer than what is there, so that the next read finds
    /// it; the watch brings it again and causes no further event.
    /// </summary>
    /// <remarks>
    /// The object must match this informer's selectors. Whether one that the cache does not have is new, or has been
    /// deleted since, is told by its resource version.
    /// </remarks>
    /// <param name="newer">The object as the server answered.</param>
    public void Observe(T newer)
    {
        var key = newer.Key;
        lock (_lock)
        {
            if (_observedDuringList is { } observed
                && (!observed.TryGetValue(key, out var other) || IsNewer(newer, other.ResourceVersion)))
            {
                observed[key] = newer;
            }

            var old = _cache.GetValueOrDefault(key);
            if (IsNewer(newer, old?.ResourceVersion ?? _seen) || (old is { IsPartial: true } && old.Uid == newer.Uid && old.ResourceVersion == newer.ResourceVersion))
            {
                _ahead.Add(key);
                Set(key, old, newer);
            }
        }
    }

    /// <summary>Lists anew, soon: of some object more is to be kept than was.</summary>
    public void ListAnew()
    {
        lock (_lock)
        {
            _isToBeListed = true;
            _watch?.Cancel();
        }
    }

    /// <summary>Somebody else was told that what is watched is not served: finds out at which version it is, soon.</summary>
    public void LookForVersion() => _looks.Request();

    /// <summary>Lists and watches until told to stop. Failures are logged, and tried again after a back-off.</summary>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>A task that ends, without an exception, when it has stopped.</returns>
    /// <exception cref="TooLargeException">A server that is not trusted says more than is held of it: nothing of it is held any
    /// more.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ListAndWatchAsync(cancellationToken);
        }
        catch (TooLargeException e) when (_share is not null)
        {
            LastError = e;
            _share.End(e);
            throw;
        }
        finally
        {
            Release();

            // Whatever ended it: nobody must take what it holds for what is.
            SetState(InformerState.Stopped, LastError);
        }
    }

    private async Task ListAndWatchAsync(CancellationToken cancellationToken)
    {
        var listNeeded = true;
        var wasAway = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan delay;
            try
            {
                listNeeded |= _looks.IsDue && await FindVersionAsync(cancellationToken);
                if (wasAway && !listNeeded)
                {
                    listNeeded = await IsOlderAsync(cancellationToken);
                }

                listNeeded |= TakeListAnew();
                if (listNeeded)
                {
                    await ListAsync(cancellationToken);
                    listNeeded = false;
                }

                wasAway = false;
                delay = await WatchAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is not OutOfMemoryException && !(e is TooLargeException && _share is not null))
            {
                listNeeded |= IsLost(e);
                if (e is ApiException { Code: 404 })
                {
                    _looks.Ask();
                }
                else
                {
                    _looks.WatchBroke();
                }

                if (IsAway(e))
                {
                    // Away for longer than the blink of a connection: whatever may have been done to its store meanwhile, and
                    // however many versions it has counted since.
                    listNeeded |= wasAway;
                    wasAway = true;
                }

                delay = BackOff(e, immediately: e is ApiException { IsGone: true });
                SetState(delay > TimeSpan.Zero ? InformerState.BackingOff : State, e);
            }

            try
            {
                await Task.Delay(delay, _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    private bool TakeListAnew()
    {
        lock (_lock)
        {
            var isToBe = _isToBeListed;
            _isToBeListed = false;
            return isToBe;
        }
    }

    private void SetWatch(CancellationTokenSource? watch)
    {
        lock (_lock)
        {
            _watch = watch;
            if (_isToBeListed)
            {
                watch?.Cancel();
            }
        }
    }

    private void Release()
    {
        lock (_lock)
        {
            if (_share is not null)
            {
                _share.Change(-_cache.Count, -_heldBytes);
                _heldBytes = 0;
                _cache.Clear();
            }
        }
    }

    /// <summary>Whether the store is older than what was seen of it: restored from a backup while nobody heard from it. A watch
    /// from a version that is to come is refused by some servers; others begin it, and never say a word.</summary>
    private async Task<bool> IsOlderAsync(CancellationToken cancellationToken)
    {
        var options = new ListOptions { Namespace = _options.Namespace, MetadataOnly = true, PageSize = 1 };
        var page = await _client.ListPageAsync<PartialObject>(_type, options, null, PartialObject.Decode, cancellationToken);
        Contact();
        return ResourceVersions.Compare(page.ResourceVersion, _seen) < 0;
    }

    /// <summary>Finds out at which version it is to be watched.</summary>
    /// <returns>Whether that is another one than until now.</returns>
    private async Task<bool> FindVersionAsync(CancellationToken cancellationToken)
    {
        ResourceType? served;
        try
        {
            served = await _options.Resolve!(cancellationToken);
            _looks.Done(hasFailed: false);
        }
        catch (Exception e) when (e is ApiException or ApiUnreachableException)
        {
            // The one that is known may be right all the same.
            LogVersionUnknown(e.Message, _type.QualifiedName);
            _looks.Done(hasFailed: true);
            return false;
        }

        if (served is null || served == _type)
        {
            return false;
        }

        LogVersion(_type.QualifiedName, served.Version, _type.Version);
        _type = served;
        return _isAtNewVersion = true;
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        SetState(InformerState.Listing, LastError);
        lock (_lock)
        {
            _observedDuringList = [];
        }

        try
        {
            var options = new ListOptions
            {
                Namespace = _options.Namespace,
                LabelSelector = _options.LabelSelector,
                FieldSelector = _options.FieldSelector,
                MetadataOnly = _options.MetadataOnly,

                // A list so slow that its pages expire is better taken at once.
                PageSize = _pagesExpired && _share is null ? 0 : _options.PageSize,
                FromCache = _options.BeginFromCache && !HasSynced && !_cacheIsTooLarge,
            };
            var found = new Dictionary<ObjectKey, T>();
            _listed = new Listed();
            var pages = 0;
            ListPage<T?>? page = null;
            do
            {
                try
                {
                    page = await _client.ListPageAsync<T?>(_type, options, page?.Continue, TryDecodeListed, cancellationToken);
                }
                catch (ApiException e) when (e.IsGone && page is not null)
                {
                    _pagesExpired = true;
                    throw;
                }
                catch (TooLargeException e) when (e.IsOneAnswer && options.FromCache)
                {
                    // A server may answer all at once from its cache.
                    _cacheIsTooLarge = true;
                    _listed.GiveBack(_share);
                    options = options with { FromCache = false };
                    continue;
                }

                Contact();
                foreach (var item in page.Items)
                {
                    if (item is not null)
                    {
                        found[item.Key] = item;
                    }
                }

                // Pages with nothing in them would never come to the bound on objects.
                if (_share is not null && ++pages > (_share.Limits.WatchObjects / Math.Max(1, _options.PageSize)) + SparePages)
                {
                    throw new TooLargeException(Words.Line($"Its list of {_type.QualifiedName} has more than {pages - 1:N0} pages; a watch may tell of {_share.Limits.WatchObjects:N0} objects (--workload-watch-objects)."), pages, pages - 1);
                }
            }
            while (page?.Continue is not null || page is null);

            _pagesExpired = false;
            Replace(found, page.ResourceVersion);
            _listed.GiveBack(_share);
            if (_isAtNewVersion)
            {
                _isAtNewVersion = false;
                VersionChanged?.Invoke();
            }
        }
        finally
        {
            _listed?.GiveBack(_share);
            _listed = null;
            lock (_lock)
            {
                _observedDuringList = null;
            }
        }

        _synced.TrySetResult();
    }

    /// <summary>One watch, from the last version seen.</summary>
    /// <returns>How long to wait before the next one.</returns>
    private async Task<TimeSpan> WatchAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var heard = false;
        var time = _looks.WatchTime ?? ((_options.WatchTimeout ?? _client.WatchTimeout) * (1 + _client.Jitter()));
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _looks.Watching(watch);
        SetWatch(watch);
        try
        {
            await _client.WatchAsync(
                _type,
                new WatchOptions
                {
                    Namespace = _options.Namespace,
                    LabelSelector = _options.LabelSelector,
                    FieldSelector = _options.FieldSelector,
                    MetadataOnly = _options.MetadataOnly,
                    ResourceVersion = _seen,
                    Timeout = time,
                    StallGrace = _options.StallGrace,
                    Opened = () =>
                    {
                        Contact();
                        SetState(InformerState.Watching, null);
                    },
                },
                (type, json) =>
                {
                    if (!heard)
                    {
                        heard = true;
                        _failures = 0;
                    }

                    Contact();
                    Apply(type, json);
                },
                watch.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        finally
        {
            _looks.Watching(null);
            SetWatch(null);
        }

        _looks.WatchEnded(_time.GetElapsedTime(started), time);
        Contact();

        // A server that ends watches as soon as they begin must not be asked in a loop.
        if (heard || _time.GetElapsedTime(started) >= TimeSpan.FromSeconds(1))
        {
            _failures = 0;
            return TimeSpan.Zero;
        }

        return BackOff(null, immediately: false);
    }

    private void Apply(WatchEventType type, ReadOnlySpan<byte> json)
    {
        T? value;
        try
        {
            value = type == WatchEventType.Bookmark ? null : _decode(json);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or TooLargeException))
        {
            Undecodable(e, json, out var partial);

            // That it is gone needs no more than its name.
            if (type != WatchEventType.Deleted || partial is null || !_cache.TryGetValue(partial.Key, out value)
                || value.Uid != partial.Uid)
            {
                See(partial?.ResourceVersion);
                return;
            }

            lock (_lock)
            {
                See(partial.ResourceVersion);
                _ahead.Remove(partial.Key);
                Set(partial.Key, value, null);
            }

            return;
        }

        if (value is null)
        {
            See(PartialObject.Decode(json).ResourceVersion);
            return;
        }

        var key = value.Key;
        _share?.ThrowIfExceeded();
        ThrowIfAbsurd(value);
        if (Keeps is { } keeps && !keeps(value))
        {
            type = WatchEventType.Deleted;
        }

        lock (_lock)
        {
            See(value.ResourceVersion);
            var old = _cache.GetValueOrDefault(key);
            if (old is not null && _ahead.Contains(key) && IsNewer(old, value.ResourceVersion))
            {
                return;
            }

            _ahead.Remove(key);
            if (type == WatchEventType.Deleted)
            {
                if (old is not null)
                {
                    Set(key, old, null);
                }
            }
            else if (Differs(old, value))
            {
                Set(key, old, value);
            }
        }
    }

    private void See(string? resourceVersion)
    {
        if (!string.IsNullOrEmpty(resourceVersion))
        {
            lock (_lock)
            {
                _seen = resourceVersion;
            }
        }
    }

    /// <summary>Makes the cache what the list found, whatever the numbers say: a restored server may be older.</summary>
    private void Replace(Dictionary<ObjectKey, T> found, string resourceVersion)
    {
        lock (_lock)
        {
            _ahead.Clear();

            // Written by us while the list was under way: the list may be from before it.
            foreach (var (key, observed) in _observedDuringList!)
            {
                if (IsNewer(observed, found.TryGetValue(key, out var listed) ? listed.ResourceVersion : resourceVersion))
                {
                    found[key] = observed;
                    _ahead.Add(key);
                }
            }

            _seen = resourceVersion;
            foreach (var (key, old) in _cache)
            {
                if (!found.ContainsKey(key))
                {
                    Set(key, old, null);
                }
            }

            foreach (var (key, value) in found)
            {
                var old = _cache.GetValueOrDefault(key);
                if (Differs(old, value) || _isAtNewVersion)
                {
                    Set(key, old, value);
                }
            }
        }
    }

    private void Set(ObjectKey key, T? old, T? value)
    {
        if (_share is not null)
        {
            Hold(_share, old, value);
        }

        if (value is null)
        {
            _cache.TryRemove(key, out _);
        }
        else
        {
            _cache[key] = value;
        }

        try
        {
            Changed?.Invoke(new ObjectChange<T>(old, value));
        }
        catch (Exception e)
        {
            LogHandlerFailed(e, _type.QualifiedName, key);
        }
    }

    // What is too much stops whoever reads at the next bytes.
    private void Hold(CacheShare share, T? old, T? value)
    {
        var bytes = (value?.ApproximateBytes ?? 0) - (old?.ApproximateBytes ?? 0);
        var objects = (value is null ? 0 : 1) - (old is null ? 0 : 1);
        if (bytes != 0 || objects != 0)
        {
            _heldBytes += bytes;
            share.Change(objects, bytes);
            if (objects > 0 && _cache.Count >= share.Limits.WatchObjects)
            {
                share.End(TooMany(share, _type, _cache.Count + 1));
            }
        }
    }

    private static TooLargeException TooMany(CacheShare share, ResourceType type, long found) => new(
        Words.Line($"It has more than {share.Limits.WatchObjects:N0} {type.QualifiedName}, which is as many as a watch may tell of (--workload-watch-objects)."), found, share.Limits.WatchObjects);

    // By these it is remembered elsewhere too, where nobody counts.
    private void ThrowIfAbsurd(T value)
    {
        if (_share is not null && Math.Max(Math.Max(value.Key.Name.Length, value.Key.Namespace.Length), Math.Max(value.Uid.Length, value.ResourceVersion.Length)) is > LongestName and var length)
        {
            throw new TooLargeException(Words.Line($"It has one of {_type.QualifiedName} with a name, uid or version of {length:N0} characters; {LongestName} are allowed."), length, LongestName);
        }
    }

    private T? TryDecodeListed(ReadOnlySpan<byte> json)
    {
        try
        {
            _listed!.CountSeen(_share, _type);
            var value = _decode(json);
            ThrowIfAbsurd(value);
            if (Keeps is { } keeps && !keeps(value))
            {
                return null;
            }

            _listed.Take(_share, value);
            return value;
        }
        catch (Exception e) when (e is not (OutOfMemoryException or TooLargeException))
        {
            Undecodable(e, json, out var partial);

            // It exists: better its last state that could be read than none.
            return partial is null ? null : _cache.GetValueOrDefault(partial.Key);
        }
    }

    private void Undecodable(Exception error, ReadOnlySpan<byte> json, out PartialObject? partial)
    {
        Interlocked.Increment(ref _decodeFailures);
        try
        {
            partial = PartialObject.Decode(json);
        }
        catch (Exception)
        {
            partial = null;
        }

        // A stranger's server must not fill the log.
        if (_share is not null)
        {
            _share.Charge(CacheLimits.Undecodable);
            if (_toldUndecodable != 0 && _time.GetElapsedTime(_toldUndecodable) < BetweenUndecodable)
            {
                return;
            }

            _toldUndecodable = _time.GetTimestamp();
        }

        LogUndecodable(error, _type.QualifiedName, partial?.Key ?? default);
    }

    private TimeSpan BackOff(Exception? error, bool immediately)
    {
        _failures++;
        var doubled = _options.FirstBackOff * Math.Pow(2, Math.Min(_failures - 1, 30));
        var longest = doubled < _options.LongestBackOff ? doubled : _options.LongestBackOff;
        var delay = immediately && _failures == 1 ? TimeSpan.Zero : longest * (0.5 + (0.5 * _client.Jitter()));
        if (error is ApiException { RetryAfter: { } asked } && asked > delay)
        {
            delay = asked < _options.LongestBackOff ? asked : _options.LongestBackOff;
        }

        if (error is not null)
        {
            LogFailed(error.Message, _type.QualifiedName, delay.TotalSeconds);
        }

        return delay;
    }

    // After these the version that was seen last leads nowhere. A transport failure, throttling, a server error or missing
    // rights leave it as good as it was.
    private static bool IsLost(Exception e) =>
        e is ApiException api
        && (api.IsGone || api.Code is 400 or 404
            || (api.Code == 504 && api.Message.Contains("resource version", StringComparison.OrdinalIgnoreCase)));

    // A load balancer answers in place of a server that is not there.
    private static bool IsAway(Exception e) => e is ApiUnreachableException or ApiException { Code: 502 or 503 };

    private static bool Differs(T? old, T value) =>
        old?.ResourceVersion != value.ResourceVersion || old.Uid != value.Uid || (old.IsPartial && !value.IsPartial);

    private static bool IsNewer(T value, string version) => ResourceVersions.Compare(value.ResourceVersion, version) > 0;

    private void Contact() => Interlocked.Exchange(ref _lastContact, _time.GetUtcNow().UtcTicks);

    private void SetState(InformerState state, Exception? error)
    {
        if (State != state || LastError != error)
        {
            State = state;
            LastError = error;
            StateChanged?.Invoke();
        }
    }

    /// <summary>What a list that is under way has told of, of which nothing is in the cache yet.</summary>
    private sealed class Listed
    {
        private int _seen;
        private int _objects;
        private long _bytes;

        public void CountSeen(CacheShare? share, ResourceType type)
        {
            if (share is not null && ++_seen > share.Limits.WatchObjects)
            {
                throw TooMany(share, type, _seen);
            }
        }

        public void Take(CacheShare? share, T value)
        {
            if (share is not null)
            {
                var bytes = value.ApproximateBytes;
                _objects++;
                _bytes += bytes;
                share.Take(1, bytes);
            }
        }

        public void GiveBack(CacheShare? share)
        {
            share?.Change(-_objects, -_bytes);
            (_objects, _bytes, _seen) = (0, 0, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching {Resource}: {Problem}; next try in {Delay:0.0} s")]
    private partial void LogFailed(string problem, string resource, double delay);

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Resource} at {Now} in place of {Before}.")]
    private partial void LogVersion(string resource, string now, string before);

    [LoggerMessage(Level = LogLevel.Warning, Message = "At which version {Resource} is served can't be told: {Problem}")]
    private partial void LogVersionUnknown(string problem, string resource);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Resource} {Key} can't be decoded; its last known state is kept")]
    private partial void LogUndecodable(Exception error, string resource, ObjectKey key);

    [LoggerMessage(Level = LogLevel.Error, Message = "A handler of changes to {Resource} failed for {Key}")]
    private partial void LogHandlerFailed(Exception error, string resource, ObjectKey key);
}
