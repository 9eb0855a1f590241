// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Controller.Tests.ClusterApi;

public sealed class PermissionsTests
{
    private static readonly ResourceType Infrastructure =
        new("infrastructure.cluster.x-k8s.io", "v1beta1", "remotemachines", "RemoteMachine", Namespaced: true);

    private static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

    [Fact]
    public async Task A_right_to_all_namespaces_is_asked_for_once()
    {
        await using var server = new Answers(static _ => true);
        using var permissions = server.Permissions();

        permissions.Find("lab", Infrastructure, new("lab", "pc-1")).IsPending.ShouldBeTrue();
        (await server.WokenAsync()).ShouldBe(new ObjectKey("lab", "pc-1"));
        permissions.Find("lab", Infrastructure, new("lab", "pc-1")).ShouldBe(new Permission(Missing: null));
        permissions.Find("office", Infrastructure, new("office", "pc-2")).ShouldBe(new Permission(Missing: null));
        server.Questions.ShouldBe(["create remotemachines *", "delete remotemachines *"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_right_to_some_namespaces_is_asked_for_in_each()
    {
        await using var server = new Answers(static question => question is { Namespace: "lab" } or { Namespace: "office", Verb: "patch" });
        using var permissions = server.Permissions();

        (await server.AskAsync(permissions, "lab", Machines)).Missing.ShouldBeNull();
        (await server.AskAsync(permissions, "office", Machines)).Missing.ShouldBe(
            "5-Spot may not create or delete machines.cluster.x-k8s.io in namespace office. Give its ServiceAccount that right; until then nothing of the machine is made.");
    }

    [Fact]
    public async Task A_no_is_asked_again_though_not_at_each_look_and_a_yes_only_after_a_refusal()
    {
        var granted = false;
        await using var server = new Answers(_ => Volatile.Read(ref granted));
        using var permissions = server.Permissions();
        (await server.AskAsync(permissions, "lab", Infrastructure)).Missing.ShouldNotBeNull();

        Volatile.Write(ref granted, true);
        permissions.Find("lab", Infrastructure, new("lab", "pc-1")).Missing.ShouldNotBeNull("the answer of before, at once");
        using var deadline = new CancellationTokenSource(Answers.Deadline, TimeProvider.System);
        while (permissions.Find("lab", Infrastructure, new("lab", "pc-1")).Missing is not null)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await server.WokenAsync();
        var asked = server.Questions.Count;
        asked.ShouldBe(6, "four for the no, two for the yes, however often it was looked at meanwhile");
        permissions.Find("lab", Infrastructure, new("lab", "pc-1")).Missing.ShouldBeNull();
        server.Questions.Count.ShouldBe(asked);

        Volatile.Write(ref granted, false);
        permissions.Forget("lab", Infrastructure);
        (await server.AskAsync(permissions, "lab", Infrastructure)).Missing.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_server_that_does_not_say_stops_nobody_and_is_asked_again()
    {
        var answers = false;
        await using var server = new Answers(_ => Volatile.Read(ref answers) ? false : null);
        using var permissions = server.Permissions();
        (await server.AskAsync(permissions, "lab", Infrastructure)).Missing.ShouldBeNull();

        Volatile.Write(ref answers, true);
        // A question from before may be under way yet, and have nothing new to say: then this asks once more.
        using var deadline = new CancellationTokenSource(Answers.Deadline, TimeProvider.System);
        while (permissions.Find("lab", Infrastructure, new("lab", "pc-1")).Missing is null)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task However_many_ask_at_once_the_server_is_asked_once_and_all_are_called_back()
    {
        for (var run = 0; run < 100; run++)
        {
            await using var server = new Answers(static _ => true);
            using var permissions = server.Permissions();
            var askers = Enumerable.Range(0, 50).Select(i => new ObjectKey($"ns-{i % 5}", $"pc-{i}")).ToList();
            var pending = new ConcurrentBag<ObjectKey>();
            Parallel.ForEach(askers, asker =>
            {
                if (permissions.Find(asker.Namespace, Infrastructure, asker).IsPending)
                {
                    pending.Add(asker);
                }
            });

            var woken = new HashSet<ObjectKey>();
            while (woken.Count < pending.Count)
            {
                woken.Add(await server.WokenAsync());
            }

            woken.ShouldBe(pending, ignoreOrder: true);
            server.Questions.Count.ShouldBe(2);
            askers.ShouldAllBe(asker => permissions.Find(asker.Namespace, Infrastructure, asker) == new Permission((string?)null));
        }
    }

    /// <summary>An API server that knows nothing but what one may do; null for one that does not say.</summary>
    private sealed class Answers : HttpMessageHandler, IAsyncDisposable
    {
        public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

        private readonly Func<Question, bool?> _answer;
        private readonly ConcurrentQueue<Question> _questions = new();
        private readonly System.Threading.Channels.Channel<ObjectKey> _woken = System.Threading.Channels.Channel.CreateUnbounded<ObjectKey>();
        private readonly CancellationTokenSource _stop = new();
        private readonly ApiClient _api;

        public Answers(Func<Question, bool?> answer)
        {
            _answer = answer;
            var kubeconfig = """
                {"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
                 "clusters":[{"name":"a","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"a","user":{"token":"t"}}]}
                """;
            _api = new ApiClient(
                ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(kubeconfig), "the test's"), new ApiClientOptions { WrapHandler = _ => this });
        }

        public IReadOnlyList<string> Questions => [.. _questions.Select(question => $"{question.Verb} {question.Resource} {question.Namespace ?? "*"}")];

        public Permissions Permissions() => new(_api, key => _woken.Writer.TryWrite(key), NullLoggerFactory.Instance, _stop.Token);

        public async Task<ObjectKey> WokenAsync() => await _woken.Reader.ReadAsync().AsTask().WaitAsync(Deadline, TimeProvider.System);

        /// <summary>The first answer, when it is there.</summary>
        public async Task<Permission> AskAsync(Permissions permissions, string ns, ResourceType resource)
        {
            var asker = new ObjectKey(ns, "pc-1");
            permissions.Find(ns, resource, asker).IsPending.ShouldBeTrue();
            (await WokenAsync()).ShouldBe(asker);
            return permissions.Find(ns, resource, asker);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _api.Dispose();
            _stop.Dispose();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var body = JsonDocument.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
            var about = body.RootElement.GetProperty("spec").GetProperty("resourceAttributes");
            var question = new Question(
                about.GetProperty("verb").GetString()!,
                about.GetProperty("resource").GetString()!,
                about.TryGetProperty("namespace", out var ns) ? ns.GetString() : null);
            _questions.Enqueue(question);
            var (code, text) = _answer(question) is { } allowed
                ? (HttpStatusCode.Created, $$"""{"status":{"allowed":{{(allowed ? "true" : "false")}} } }""")
                : (HttpStatusCode.Forbidden, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}""");
            return new HttpResponseMessage(code) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
        }
    }

    private sealed record Question(string Verb, string Resource, string? Namespace);
}
