// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Kubernetes;

/// <summary>Writes events (<c>events.k8s.io/v1</c>) in the background.</summary>
/// <remarks>
/// The name of an event follows from what it says and about which object: the same one recorded twice, even by two
/// processes, is one. Events are best effort: they wait in a queue of bounded length, are tried a few times, and are
/// counted and logged when they are lost.
/// </remarks>
public sealed partial class EventRecorder
{
    /// <summary>How many events may wait.</summary>
    public const int Capacity = 4096;

    private const int Writers = 4;
    private const int Attempts = 6;
    private const int NoteBytes = 1024;
    private const int ShortBytes = 128;
    private const int NameLength = 253;
    private static readonly ResourceType Events = new("events.k8s.io", "v1", "events", "Event", true);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(15);

    private readonly ApiClient _client;
    private readonly TimeProvider _clock;
    private readonly string _controller;
    private readonly string _instance;
    private readonly ILogger _logger;
    private readonly Channel<PendingEvent> _queue = Channel.CreateBounded<PendingEvent>(Capacity);
    private readonly Lock _lock = new();
    private long _pending;
    private long _dropped;
    private TaskCompletionSource? _flushed;

    /// <summary>Creates a recorder; nothing is written until <see cref="RunAsync"/>.</summary>
    /// <param name="client">The API server.</param>
    /// <param name="clock">The clock of the events' times.</param>
    /// <param name="reportingController">The controller's name, such as <c>example.com/my-controller</c>; also the field
    /// manager of the writes, without what is in front of the slash.</param>
    /// <param name="reportingInstance">This process, such as its Pod's name; cut at 128 bytes.</param>
    /// <param name="logger">Gets what is lost; null for none.</param>
    public EventRecorder(
        ApiClient client, TimeProvider clock, string reportingController, string reportingInstance, ILogger? logger = null)
    {
        _client = client;
        _clock = clock;
        _controller = reportingController;
        _instance = Cut(ForeignText.Line(reportingInstance, ShortBytes), ShortBytes);
        _logger = logger ?? NullLogger.Instance;
    }

    /// <summary>Events that were lost: the queue was full, or the server would not take them.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Queues an event. Returns at once.</summary>
    /// <param name="regarding">What it is about.</param>
    /// <param name="type">Normal or Warning.</param>
    /// <param name="reason">Why, in one CamelCase word; not empty.</param>
    /// <param name="action">What was done, in one CamelCase word; not empty.</param>
    /// <param name="note">A sentence for a person; cut at 1024 bytes.</param>
    /// <param name="version">The resource version that the object had when this happened. Told again of the same version, after
    /// a crash say, it is the same event, and is there once. The names of an object's events sort by it, and in the order of
    /// their names <c>kubectl describe</c> shows them.</param>
    public void Record(
        ObjectReference regarding, EventType type, string reason, string action, string note, string version)
    {
        lock (_lock)
        {
            _pending++;
        }

        if (!_queue.Writer.TryWrite(
            new PendingEvent(regarding, type, reason, action, Cut(ForeignText.Line(note, NoteBytes), NoteBytes), version, _clock.GetUtcNow())))
        {
            Drop(reason, regarding, $"{Capacity} events are waiting already");
            Finished();
        }
    }

    /// <summary>Waits until all events that were recorded are written or lost.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends then.</returns>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _pending == 0
                ? Task.CompletedTask
                : (_flushed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Writes events until told to stop. What waits then stays unwritten: <see cref="FlushAsync"/> first.</summary>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>A task that ends, without an exception, when it has stopped.</returns>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        var writers = new Task[Writers];
        for (var i = 0; i < writers.Length; i++)
        {
            writers[i] = WriteAllAsync(cancellationToken);
        }

        return Task.WhenAll(writers);
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var pending in _queue.Reader.ReadAllAsync(cancellationToken))
            {
                try
                {
                    await WriteAsync(pending, cancellationToken);
                }
                finally
                {
                    Finished();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task WriteAsync(PendingEvent pending, CancellationToken cancellationToken)
    {
        var ns = pending.Regarding.Namespace.Length > 0 ? pending.Regarding.Namespace : "default";
        ReadOnlyMemory<byte> json = Render(pending, ns);
        var manager = _controller[(_controller.LastIndexOf('/') + 1)..];
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            try
            {
                await _client.CreateAsync(Events, ns, json, manager, static _ => 0, cancellationToken);
                return;
            }
            catch (ApiException e) when (e.IsAlreadyExists)
            {
                return;
            }
            catch (ApiException e) when (e.IsTransient && attempt < Attempts)
            {
                asked = e.RetryAfter;
            }
            catch (ApiUnreachableException) when (attempt < Attempts)
            {
                // Tried again below.
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Drop(pending.Reason, pending.Regarding, e.Message);
                return;
            }

            var delay = FirstBackOff * Math.Pow(2, attempt - 1) * (0.5 + (0.5 * _client.Jitter()));
            delay = asked > delay ? asked.Value : delay;
            await Task.Delay(delay < LongestBackOff ? delay : LongestBackOff, _client.NetworkTime, cancellationToken);
        }
    }

    private byte[] Render(PendingEvent pending, string ns)
    {
        var regarding = pending.Regarding;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion", Events.ApiVersion);
        json.WriteString("kind", Events.Kind);
        json.WriteStartObject("metadata");
        json.WriteString("name", NameOf(pending));
        json.WriteString("namespace", ns);
        json.WriteEndObject();
        json.WriteString("eventTime", pending.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("reportingController", _controller);
        json.WriteString("reportingInstance", _instance);
        json.WriteString("action", Cut(ForeignText.Line(pending.Action, ShortBytes), ShortBytes));
        json.WriteString("reason", Cut(ForeignText.Line(pending.Reason, ShortBytes), ShortBytes));
        json.WriteString("type", pending.Type == EventType.Warning ? "Warning" : "Normal");
        json.WriteString("note", pending.Note);
        json.WriteStartObject("regarding");
        json.WriteString("apiVersion", regarding.ApiVersion);
        json.WriteString("kind", regarding.Kind);
        json.WriteString("name", regarding.Name);
        if (regarding.Namespace.Length > 0)
        {
            json.WriteString("namespace", regarding.Namespace);
        }

        json.WriteString("uid", regarding.Uid);
        if (regarding.ResourceVersion is not null)
        {
            json.WriteString("resourceVersion", regarding.ResourceVersion);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static string NameOf(PendingEvent pending)
    {
        var says = $"{pending.Regarding.Uid}\0{pending.Reason}\0{pending.Note}\0{pending.Version}";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(says)).AsSpan(0, 8));
        var order = ulong.TryParse(pending.Version, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
        var suffix = $".{order:x12}{hash}";
        var longest = NameLength - suffix.Length;
        var name = pending.Regarding.Name;
        return $"{(name.Length > longest ? name[..longest].TrimEnd('.', '-') : name)}{suffix}";
    }

    // The server counts bytes. Cut between characters.
    private static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }

        var length = 0;
        var used = 3;
        foreach (var rune in text.EnumerateRunes())
        {
            used += rune.Utf8SequenceLength;
            if (used > bytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return $"{text[..length]}…";
    }

    private void Drop(string reason, ObjectReference regarding, string why)
    {
        Interlocked.Increment(ref _dropped);
        RuntimeMetrics.EventDropped();
        LogDropped(reason, new ObjectKey(regarding.Namespace, regarding.Name), why);
    }

    private void Finished()
    {
        TaskCompletionSource? flushed = null;
        lock (_lock)
        {
            if (--_pending == 0)
            {
                (flushed, _flushed) = (_flushed, null);
            }
        }

        flushed?.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Reason} on {Key} is lost: {Why}")]
    private partial void LogDropped(string reason, ObjectKey key, string why);

    private sealed record PendingEvent(
        ObjectReference Regarding, EventType Type, string Reason, string Action, string Note, string Version,
        DateTimeOffset At);
}
