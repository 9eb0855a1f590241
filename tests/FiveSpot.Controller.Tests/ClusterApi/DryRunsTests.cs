// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Controller.Tests.ClusterApi;

public sealed class DryRunsTests
{
    private static readonly DateTimeOffset Monday = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(201, "", "", DryRunVerdict.Accepted)]
    [InlineData(409, "AlreadyExists", "remotemachines \\\"pc-1\\\" already exists", DryRunVerdict.Accepted)]
    [InlineData(400, "BadRequest", "admission webhook \\\"a.example.com\\\" does not support dry run", DryRunVerdict.Accepted)]
    [InlineData(400, "BadRequest", "strict decoding error: unknown field \\\"spec.adress\\\"", DryRunVerdict.Refused)]
    [InlineData(422, "Invalid", "spec.port: Invalid value", DryRunVerdict.Refused)]
    [InlineData(403, "Forbidden", "exceeded quota: lab", DryRunVerdict.Refused)]
    [InlineData(403, "", "admission webhook \\\"a.example.com\\\" denied the request: no", DryRunVerdict.Refused)]
    [InlineData(404, "NotFound", "clusters.cluster.x-k8s.io \\\"office\\\" not found", DryRunVerdict.Refused)]
    [InlineData(500, "InternalError", "failed calling webhook \\\"a.example.com\\\"", null)]
    [InlineData(401, "Unauthorized", "Unauthorized", null)]
    [InlineData(409, "Conflict", "Operation cannot be fulfilled on resourcequotas", null)]
    [InlineData(429, "TooManyRequests", "too many requests", null)]
    [InlineData(404, "page not found", null, null)]
    [InlineData(0, "", "", null)]
    public async Task What_the_server_answers_is_an_acceptance_a_refusal_or_no_answer(int code, string reason, string? message, DryRunVerdict? expected)
    {
        await using var server = new Server { Answer = _ => (code, reason, message) };
        await server.AskAsync();
        (server.DryRuns.Find(server.Machine)?.Verdict).ShouldBe(expected);
        server.Asked.Count.ShouldBe(3, "all three, whatever is said of the first");
        if (expected is DryRunVerdict.Refused)
        {
            server.DryRuns.Find(server.Machine)!.Message.ShouldContain("dry-run k0sworkerconfigs.bootstrap.cluster.x-k8s.io in office: ");
            server.DryRuns.Find(server.Machine)!.Message.ShouldContain("dry-run machines.cluster.x-k8s.io in office: ");
        }
    }

    [Fact]
    public async Task A_refusal_stays_one_while_the_server_can_not_say()
    {
        await using var server = new Server { Answer = static _ => (422, "Invalid", "no") };
        await server.AskAsync();
        server.Answer = static _ => (500, "InternalError", "down");
        foreach (var (minutes, verdict) in ((int, DryRunVerdict)[])[(1, DryRunVerdict.Refused), (2, DryRunVerdict.Refused), (4, DryRunVerdict.Unanswered)])
        {
            server.Clock.Advance(TimeSpan.FromMinutes(minutes));
            await server.IdleAsync();
            server.DryRuns.Find(server.Machine)!.Verdict.ShouldBe(verdict);
        }

        server.Answer = static _ => (201, "", "");
        server.Clock.Advance(TimeSpan.FromMinutes(8));
        await server.IdleAsync();
        server.DryRuns.Find(server.Machine)!.Verdict.ShouldBe(DryRunVerdict.Accepted);
        server.Woken.ShouldBe(3);
    }

    [Fact]
    public async Task Nothing_is_asked_while_machines_wait_to_be_worked_on()
    {
        await using var server = new Server { IsBusy = true };
        server.Ask();
        server.DryRuns.Resume();
        await server.QuietAsync();
        server.Asked.ShouldBeEmpty();

        server.IsBusy = false;
        server.DryRuns.Resume();
        await server.IdleAsync();
        server.Asked.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Nothing_is_asked_about_a_machine_that_is_in_its_window_by_then_or_is_gone()
    {
        await using var server = new Server { IsBusy = true };
        server.Ask();
        server.Clock.Advance(TimeSpan.FromHours(1));
        server.IsBusy = false;
        server.DryRuns.Resume();
        await server.IdleAsync();
        server.Asked.ShouldBeEmpty();

        // After the window it is.
        server.Clock.Advance(TimeSpan.FromHours(9));
        await server.AskAsync();
        server.Asked.Count.ShouldBe(3);
        server.DryRuns.Forget(server.Machine.Key);
        server.DryRuns.Find(server.Machine).ShouldBeNull();
    }

    [Fact]
    public async Task Nothing_is_asked_about_a_machine_without_a_Cluster()
    {
        await using var server = new Server(hasCluster: false);
        await server.AskAsync();
        server.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_does_not_lead_asks_nothing()
    {
        await using var server = new Server { MayWrite = false };
        await server.AskAsync();
        server.Asked.ShouldBeEmpty();
        server.DryRuns.Find(server.Machine).ShouldBeNull();

        // Once it leads, every machine is looked at.
        server.MayWrite = true;
        await server.AskAsync();
        server.Asked.Count.ShouldBe(3);
    }

    /// <summary>An API server with Cluster API that has one ScheduledMachine and gives the answers that a test wants.</summary>
    private sealed class Server : HttpMessageHandler, IAsyncDisposable
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

        private readonly ConcurrentQueue<string> _asked = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly ApiClient _api;
        private readonly Permissions _permissions;
        private readonly ProviderKinds _kinds;
        private readonly Task _running;
        private int _woken;

        public Server(bool hasCluster = true)
        {
            var kubeconfig = """
                {"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
                 "clusters":[{"name":"a","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"a","user":{"token":"t"}}]}
                """;
            _api = new ApiClient(
                ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(kubeconfig), "the test's"),
                new ApiClientOptions { WrapHandler = _ => this, WritingAllowed = () => new CancellationToken(canceled: !MayWrite) });
            var machines = new Informer<CapiMachine>(_api, Resources.Machine, null, json => MachineReader.Read(json, Resources.Machine.ApiVersion));
            var scheduledMachines = new Informer<ScheduledMachine>(
                _api, new("5spot.finos.org", "v1alpha1", "scheduledmachines", "ScheduledMachine", Namespaced: true), null, ScheduledMachineReader.Read);
            Machine = ScheduledMachineReader.Read("""
                {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"pc-1","namespace":"office","uid":"u","resourceVersion":"1"},
                 "spec":{"clusterName":"office","schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]},
                  "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{}},
                  "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{"address":"192.0.2.1"}}}}
                """u8);
            scheduledMachines.Observe(Machine);
            var capiClusters = new Informer<CapiCluster>(_api, Resources.Machine with { Plural = "clusters", Kind = "Cluster" }, null, static json => throw new NotSupportedException());
            var clusters = new Clusters(capiClusters, scheduledMachines, static _ => { });
            if (hasCluster)
            {
                capiClusters.Observe(World.Office with { Key = new("office", "office") });
            }

            _permissions = new Permissions(_api, static _ => { }, NullLoggerFactory.Instance, _stop.Token);
            _kinds = new ProviderKinds(_api, new Discovery(_api), static _ => { }, NullLoggerFactory.Instance, _stop.Token);
            DryRuns = new DryRuns(
                _api, scheduledMachines, machines, clusters, _kinds, _permissions, Clock, () => IsBusy, _ => Interlocked.Increment(ref _woken), NullLoggerFactory.Instance);
            _running = DryRuns.RunAsync(_stop.Token);
        }

        public FakeTimeProvider Clock { get; } = new(Monday);

        public DryRuns DryRuns { get; }

        public ScheduledMachine Machine { get; }

        public Func<string, (int Code, string Reason, string? Message)> Answer { get; set; } = static _ => (201, "", "");

        public bool IsBusy { get; set; }

        public bool MayWrite { get; set; } = true;

        public IReadOnlyList<string> Asked => [.. _asked];

        public int Woken => Volatile.Read(ref _woken);

        /// <summary>Asks, once kinds and rights are known, as they are of a machine that is at rest.</summary>
        public void Ask()
        {
            SpinWait.SpinUntil(IsKnown, Deadline).ShouldBeTrue();
            DryRuns.Ask(new Observation
            {
                Machine = Machine,
                CapiCluster = World.Office,
                Bootstrap = new ProviderSlot { ApiVersion = Resources.Bootstrap.ApiVersion, Kind = Resources.Bootstrap.Kind, Resource = Resources.Bootstrap },
                Infrastructure = new ProviderSlot { ApiVersion = Resources.Infrastructure.ApiVersion, Kind = Resources.Infrastructure.Kind, Resource = Resources.Infrastructure },
            });
        }

        public Task AskAsync()
        {
            Ask();
            return IdleAsync();
        }

        public async Task IdleAsync()
        {
            using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
            while (!DryRuns.IsIdle)
            {
                deadline.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        /// <summary>For as long as it takes to ask for something else many times over.</summary>
        public async Task QuietAsync()
        {
            for (var i = 0; i < 200; i++)
            {
                await _api.GetRawAsync("/version", static _ => 0, CancellationToken.None);
                await Task.Yield();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            DryRuns.Dispose();
            _permissions.Dispose();
            _api.Dispose();
            _stop.Dispose();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (path, query) = (request.RequestUri!.AbsolutePath, request.RequestUri.Query);
            if (query.Contains("watch=true", StringComparison.Ordinal))
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            if (query.Contains("dryRun=All", StringComparison.Ordinal))
            {
                _asked.Enqueue(path);
                var (code, reason, message) = Answer(path);
                return code == 0 ? throw new HttpRequestException(HttpRequestError.ConnectionError, "broken")
                    : message is null ? new((HttpStatusCode)code) { Content = new StringContent(reason) }
                    : Json(code, $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""");
            }

            return Json(200, path switch
            {
                "/version" => "{}",
                "/apis/bootstrap.cluster.x-k8s.io/v1beta1" => Resources.List(Resources.Bootstrap),
                "/apis/infrastructure.cluster.x-k8s.io/v1beta1" => Resources.List(Resources.Infrastructure),
                _ when path.Contains("authorization.k8s.io", StringComparison.Ordinal) => """{"status":{"allowed":true}}""",
                _ => """{"metadata":{"resourceVersion":"1"},"items":[]}""",
            });
        }

        private static HttpResponseMessage Json(int code, string text) =>
            new((HttpStatusCode)code) { Content = new StringContent(text, Encoding.UTF8, "application/json") };

        private bool IsKnown()
        {
            var known = true;
            foreach (var resource in (ReadOnlySpan<ResourceType>)[Resources.Bootstrap, Resources.Infrastructure, Resources.Machine])
            {
                known &= _permissions.Find("office", resource, Machine.Key) is { IsPending: false };
                known &= resource == Resources.Machine || _kinds.Find(resource.Group, resource.Version, resource.Kind, Machine.Key).Objects is not null;
            }

            return known;
        }
    }

    private static class Resources
    {
        public static readonly ResourceType Bootstrap = new("bootstrap.cluster.x-k8s.io", "v1beta1", "k0sworkerconfigs", "K0sWorkerConfig", Namespaced: true);
        public static readonly ResourceType Infrastructure = new("infrastructure.cluster.x-k8s.io", "v1beta1", "remotemachines", "RemoteMachine", Namespaced: true);
        public static readonly ResourceType Machine = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

        public static string List(ResourceType type) => $$"""{"resources":[{"name":"{{type.Plural}}","kind":"{{type.Kind}}","namespaced":true}]}""";
    }
}
