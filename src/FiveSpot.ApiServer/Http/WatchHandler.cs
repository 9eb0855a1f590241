// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;
using FiveSpot.ApiServer.Tables;

namespace FiveSpot.ApiServer.Http;

/// <summary>
/// Watches. Each reads the store's history at its own pace: a writer never waits for one, and one that falls off the end of the
/// history is told 410.
/// </summary>
internal sealed class WatchHandler
{
    private const int MostEventsAtOnce = 256;
    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    // Timers count whole milliseconds: a shorter wait would be none.
    private static readonly TimeSpan ShortestTimer = TimeSpan.FromMilliseconds(1);

    private readonly ObjectReader _reader;
    private readonly TimeProvider _clock;
    private readonly TimeProvider _transportClock;
    private readonly TimeSpan _bookmarkInterval;
    private readonly Chance _chance;

    // How often bookmarks were asked for.
    private int _asked;

    /// <summary>Makes the handler.</summary>
    /// <remarks>
    /// <paramref name="clock"/>: The clock of the objects: ages in tables.
    /// <paramref name="transportClock"/>: The clock of the connection: time-outs and bookmarks.
    /// </remarks>
    public WatchHandler(ObjectReader reader, TimeProvider clock, TimeProvider transportClock, TimeSpan bookmarkInterval, Chance chance)
    {
        _bookmarkInterval = bookmarkInterval;
        _chance = chance;
        _reader = reader;
        _clock = clock;
        _transportClock = transportClock;
    }

    /// <summary>Has each watch that takes bookmarks send one, once it has sent all changes before, when it is woken.</summary>
    public void SendBookmarks() => Interlocked.Increment(ref _asked);

    public ApiResponse Watch(ApiCall call)
    {
        var resource = call.Resource;
        if (resource.IsInitializing())
        {
            throw Refusal.StorageInitializing();
        }

        _ = ObjectReader.ParseNumber(call.Query.GetValueOrDefault("limit"));
        var version = ObjectReader.ParseVersion(call.Query.GetValueOrDefault("resourceVersion")) ?? 0;
        var session = new Session
        {
            Call = call,
            Kind = call.Representation,
            Include = ObjectReader.IncludeOf(call),
            Labels = LabelSelector.Parse(call.Query.GetValueOrDefault("labelSelector")),
            Fields = FieldSelector.Parse(call.Query.GetValueOrDefault("fieldSelector"), resource),
            Namespace = resource.Namespaced ? call.Target.Namespace : null,
            Name = call.Target.Name,
            Bookmarks = call.IsSet("allowWatchBookmarks"),
        };
        var initial = SendInitialEvents(call, version);
        _reader.RequireKnown(version);
        if (!initial && version == 0)
        {
            version = resource.Store!.Now().ResourceVersion;
        }

        Snapshot? objects = null;
        if (initial)
        {
            (objects, session.Position, session.Version) = resource.Store!.Now();
        }
        else
        {
            session.Version = version;
            session.Position = resource.Store!.PositionAfter(version, out var oldest) ?? -1;
            session.Oldest = oldest;
        }

        var seconds = ObjectReader.ParseNumber(call.Query.GetValueOrDefault("timeoutSeconds"));
        var timeout = seconds is > 0 ? TimeSpan.FromSeconds(seconds.Value) : TimeSpan.FromSeconds(_chance.Between(1800, 3600));
        var endsWithBookmark = call.IsSet("sendInitialEvents");
        return new ApiResponse
        {
            ContentType = "application/json",
            Stream = (output, cancellation) => UntilRetiredAsync(session, objects, endsWithBookmark, timeout, output, cancellation),
        };
    }

    private static bool SendInitialEvents(ApiCall call, long version)
    {
        var match = call.Query.GetValueOrDefault("resourceVersionMatch");
        if (!call.Query.TryGetValue("sendInitialEvents", out var asked))
        {
            return match is null
                ? version == 0
                : throw Invalid("Forbidden", "resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }

        if (match != "NotOlderThan")
        {
            throw Invalid("Forbidden", "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }

        return asked == "true";
    }

    private static StatusException Invalid(string type, string field, string detail) =>
        Refusal.Invalid("meta.k8s.io", "ListOptions", string.Empty, [new(type, field, detail, null)]);

    /// <summary>A change of the definition ends the watch in good order.</summary>
    private async Task UntilRetiredAsync(
        Session session, Snapshot? initial, bool endsWithBookmark, TimeSpan timeout, PipeWriter output, CancellationToken cancellation)
    {
        var retired = session.Call.Resource.Retired;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, retired);
        try
        {
            await StreamAsync(session, initial, endsWithBookmark, timeout, output, ending.Token);
        }
        catch (OperationCanceledException) when (retired.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // What was written before is flushed with the end of the answer.
        }
    }

    private async Task StreamAsync(
        Session session, Snapshot? initial, bool endsWithBookmark, TimeSpan timeout, PipeWriter output, CancellationToken cancellation)
    {
        if (session.Position < 0)
        {
            WriteError(output, Refusal.TooOld(session.Version, session.Oldest));
            await output.FlushAsync(cancellation);
            return;
        }

        var store = session.Call.Resource.Store!;
        if (initial is not null)
        {
            foreach (var stored in initial.In(session.Namespace).Where(session.Selects))
            {
                Write(session, output, "ADDED", stored);
                if (output.UnflushedBytes > 64 * 1024)
                {
                    await output.FlushAsync(cancellation);
                }
            }

            if (endsWithBookmark)
            {
                WriteBookmark(session, output, session.Version, isInitialEnd: true);
            }
        }

        await output.FlushAsync(cancellation);
        var start = _transportClock.GetTimestamp();
        var batch = new List<WatchEvent>(MostEventsAtOnce);
        var answered = Volatile.Read(ref _asked);
        while (true)
        {
            batch.Clear();
            var asked = Volatile.Read(ref _asked);
            if (!store.Read(session.Position, batch, MostEventsAtOnce, out var version, out var changed))
            {
                WriteError(output, Refusal.TooOld(session.Version));
                await output.FlushAsync(cancellation);
                return;
            }

            foreach (var change in batch)
            {
                WriteChange(session, output, change);
            }

            session.Position += batch.Count;
            session.Version = batch.Count > 0 ? batch[^1].ResourceVersion : version;
            if (asked != answered && batch.Count == 0)
            {
                answered = asked;
                if (session.Bookmarks)
                {
                    WriteBookmark(session, output, session.Version, isInitialEnd: false);
                }
            }

            if (output.UnflushedBytes > 0 && (await output.FlushAsync(cancellation)).IsCompleted)
            {
                return;
            }

            var left = timeout - _transportClock.GetElapsedTime(start);
            if (left < ShortestTimer)
            {
                return;
            }

            // Who asked since then woke those who waited before: this one would not be.
            if (batch.Count == 0 && asked == Volatile.Read(ref _asked))
            {
                await WaitAsync(session, output, changed, left, cancellation);
            }
        }
    }

    private async Task WaitAsync(Session session, PipeWriter output, Task changed, TimeSpan left, CancellationToken cancellation)
    {
        var nap = session.Bookmarks && _bookmarkInterval < left ? _bookmarkInterval : left;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var timer = Task.Delay(nap, _transportClock, waiting.Token);
        if (await Task.WhenAny(changed, timer) == timer)
        {
            cancellation.ThrowIfCancellationRequested();
            if (session.Bookmarks)
            {
                // Also just before the end: the client comes back from here.
                WriteBookmark(session, output, session.Version, isInitialEnd: false);
                await output.FlushAsync(cancellation);
            }
        }

        await waiting.CancelAsync();
    }

    /// <summary>An object that begins or ceases to match is added or deleted as far as this watcher knows.</summary>
    private void WriteChange(Session session, PipeWriter output, WatchEvent change)
    {
        var stored = change.Object;
        if (session.Namespace is { } space && stored.Namespace != space)
        {
            return;
        }

        var before = change.Previous is { } previous && session.Selects(previous);
        if (change.Type == WatchEventType.Deleted)
        {
            if (before)
            {
                Write(session, output, "DELETED", stored);
            }

            return;
        }

        switch (before, session.Selects(stored))
        {
            case (false, true):
                Write(session, output, "ADDED", stored);
                break;
            case (true, true):
                Write(session, output, "MODIFIED", stored);
                break;
            case (true, false):
                // Kubernetes sends the last state that matched, with the resourceVersion of the change.
                Write(session, output, "DELETED", change.Previous!.WithResourceVersion(stored.ResourceVersion));
                break;
            default:
                break;
        }
    }

    private void Write(Session session, PipeWriter output, string type, StoredObject stored)
    {
        var resource = session.Call.Resource;
        WriteText(output, $"{{\"type\":\"{type}\",\"object\":");
        switch (session.Kind)
        {
            case RepresentationKind.Metadata or RepresentationKind.MetadataList:
                output.Write(Representation.MetadataHead.Span);
                output.Write(stored.MetadataTail.Span);
                break;
            case RepresentationKind.Table:
                var table = TablePrinter.Table(resource, [stored], _clock.GetUtcNow(), session.Include, stored.ResourceVersion.ToString(CultureInfo.InvariantCulture), !session.SentColumns);
                session.SentColumns = true;
                output.Write(table.ToUtf8());
                break;
            default:
                output.Write(resource.Head.Span);
                output.Write(resource.Tail(stored).Span);
                break;
        }

        output.Write("}\n"u8);
    }

    private static void WriteBookmark(Session session, PipeWriter output, long version, bool isInitialEnd)
    {
        var resource = session.Call.Resource;
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
        if (isInitialEnd)
        {
            metadata["annotations"] = new JsonObject { [InitialEventsEnd] = "true" };
        }

        var bookmark = session.Kind switch
        {
            RepresentationKind.Table => TablePrinter.Table(resource, [], default, "None", metadata.Text("resourceVersion"), withColumns: false),
            RepresentationKind.Metadata or RepresentationKind.MetadataList => new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = metadata },
            _ => new JsonObject { ["kind"] = resource.Kind, ["apiVersion"] = resource.GroupVersion, ["metadata"] = metadata },
        };
        WriteText(output, "{\"type\":\"BOOKMARK\",\"object\":");
        output.Write(bookmark.ToUtf8());
        output.Write("}\n"u8);
    }

    private static void WriteError(PipeWriter output, StatusException error)
    {
        WriteText(output, "{\"type\":\"ERROR\",\"object\":");
        output.Write(error.ToStatus().ToUtf8());
        output.Write("}\n"u8);
    }

    private static void WriteText(PipeWriter output, string text) => output.Write(Encoding.UTF8.GetBytes(text));

    private sealed class Session
    {
        public required ApiCall Call { get; init; }

        public required RepresentationKind Kind { get; init; }

        public required string Include { get; init; }

        public required LabelSelector Labels { get; init; }

        public required FieldSelector Fields { get; init; }

        public required string? Namespace { get; init; }

        public required string? Name { get; init; }

        public required bool Bookmarks { get; init; }

        public long Position { get; set; }

        public long Version { get; set; }

        /// <summary>From when on the history could be had.</summary>
        public long Oldest { get; set; }

        public bool SentColumns { get; set; }

        public bool Selects(StoredObject stored) =>
            (Name is null || stored.Name == Name) && Labels.Matches(stored.Labels) && Fields.Matches(stored, Call.Resource);
    }
}
