// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class EventRecorderTests
{
    private static readonly ObjectReference Regarding = new("example.com/v1", "Thing", "ns", "a", "uid-a", "7");
    private readonly ConcurrentQueue<JsonElement> _written = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 5, 7, 0, 0, 123, 456, TimeSpan.Zero));

    private async Task Keep(HttpContext context, int code = 201)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        _written.Enqueue(body.RootElement.Clone());
        await (code == 201 ? context.Json("{}", 201) : context.Status(code, code == 409 ? "AlreadyExists" : "", "no"));
    }

    private async Task Run(ApiClient client, Action<EventRecorder> record, Action<EventRecorder>? check = null)
    {
        var recorder = new EventRecorder(client, _clock, "example.com/controller", "pod-1");
        using var stop = new CancellationTokenSource();
        var run = recorder.RunAsync(stop.Token);
        record(recorder);
        var flush = recorder.FlushAsync(CancellationToken.None);
        await Until.True(() =>
        {
            (client.NetworkTime as FakeTimeProvider)?.Advance(TimeSpan.FromMilliseconds(100));
            return flush.IsCompleted;
        });
        await stop.CancelAsync();
        await run;
        check?.Invoke(recorder);
    }

    [Fact]
    public async Task An_event_is_what_the_API_asks_for()
    {
        await using var server = await ScriptedServer.StartAsync(context => Keep(context));
        using var client = server.Connect();
        await Run(client, r => r.Record(Regarding, EventType.Warning, "Reason", "Action", "A note.", "7"));

        server.Requests.ShouldBe(["POST /apis/events.k8s.io/v1/namespaces/ns/events?fieldManager=controller"]);
        var written = _written.Single();
        var name = written.GetProperty("metadata").GetProperty("name").GetString()!;
        name.ShouldMatch("^a\\.000000000007[0-9a-f]{16}$");
        JsonElement.DeepEquals(written, JsonDocument.Parse(
            $$$"""
            {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"{{{name}}}","namespace":"ns"},
             "eventTime":"2026-01-05T07:00:00.123456Z","reportingController":"example.com/controller","reportingInstance":"pod-1",
             "action":"Action","reason":"Reason","type":"Warning","note":"A note.",
             "regarding":{"apiVersion":"example.com/v1","kind":"Thing","name":"a","namespace":"ns","uid":"uid-a","resourceVersion":"7"}}
            """).RootElement).ShouldBeTrue();
    }

    [Fact]
    public async Task The_same_event_has_the_same_name_and_being_there_already_is_success()
    {
        await using var server = await ScriptedServer.StartAsync(context => Keep(context, _written.IsEmpty ? 201 : 409));
        using var client = server.Connect();
        await Run(
            client,
            r =>
            {
                r.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", "7");
                r.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", "7");
                r.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", "8");
                r.Record(Regarding with { Uid = "other" }, EventType.Normal, "Reason", "Action", "A note.", "7");
            },
            r => r.Dropped.ShouldBe(0));
        _written.Count.ShouldBe(4);
        _written.Select(e => e.GetProperty("metadata").GetProperty("name").GetString()).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task Events_sort_by_their_names_in_the_order_in_which_they_happened()
    {
        await using var server = await ScriptedServer.StartAsync(context => Keep(context));
        using var client = server.Connect();
        string[] versions = ["9", "10", "99", "100", "4294967296", "10000000000"];
        await Run(client, r => Array.ForEach(versions, version => r.Record(Regarding, EventType.Normal, "Reason", "Action", version, version)));
        _written.OrderBy(e => e.GetProperty("metadata").GetProperty("name").GetString(), StringComparer.Ordinal)
            .Select(e => e.GetProperty("note").GetString()).ShouldBe(versions);
    }

    [Fact]
    public async Task Trouble_that_passes_is_waited_for_and_a_refusal_is_counted()
    {
        var asked = 0;
        await using var server = await ScriptedServer.StartAsync(context => Interlocked.Increment(ref asked) switch
        {
            1 => context.Status(429, "TooManyRequests", "later"),
            2 => context.Status(500, "", "oops"),
            3 => Abort(context),
            4 => Keep(context),
            _ => context.Status(403, "Forbidden", "no"),
        });
        using var client = server.Connect(new ApiClientOptions { NetworkTime = new FakeTimeProvider() });
        await Run(client, r => r.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", "7"), r => r.Dropped.ShouldBe(0));
        _written.Count.ShouldBe(1);
        await Run(client, r => r.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", "7"), r => r.Dropped.ShouldBe(1));
        asked.ShouldBe(5);

        static Task Abort(HttpContext context)
        {
            context.Abort();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Long_names_and_notes_are_cut_to_what_the_API_takes()
    {
        await using var server = await ScriptedServer.StartAsync(context => Keep(context));
        using var client = server.Connect();
        await Run(client, r => r.Record(
            Regarding with { Name = new string('n', 253), Namespace = "" }, EventType.Normal, "Reason", "Action", string.Concat(Enumerable.Repeat("größe😀", 300)), "7"));
        var written = _written.Single();
        written.GetProperty("metadata").GetProperty("name").GetString()!.Length.ShouldBe(253);
        written.GetProperty("metadata").GetProperty("namespace").GetString().ShouldBe("default");
        var note = written.GetProperty("note").GetString()!;
        Encoding.UTF8.GetByteCount(note).ShouldBeInRange(1018, 1024);
        note.ShouldEndWith("…");
        note.ShouldNotContain("�");
    }

    [Fact]
    public async Task A_full_queue_drops_and_counts()
    {
        using var client = new ApiClient(ClusterConnection.ForServer(new Uri("http://127.0.0.1:1")));
        var recorder = new EventRecorder(client, _clock, "controller", "pod-1");
        for (var i = 0; i < EventRecorder.Capacity + 3; i++)
        {
            recorder.Record(Regarding, EventType.Normal, "Reason", "Action", "A note.", $"{i}");
        }

        recorder.Dropped.ShouldBe(3);
        using var cancel = new CancellationTokenSource();
        var flush = recorder.FlushAsync(cancel.Token);
        flush.IsCompleted.ShouldBeFalse();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(flush);
    }
}
