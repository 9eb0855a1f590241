// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Integration.Tests.Environment;

[assembly: AssemblyFixture(typeof(KubeServers))]

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The real control planes of a test run: for each set of definitions one, for the busiest two, started when a scenario asks for
/// one that is not there and stopped when the run ends. A controller watches all namespaces, so a scenario has its server to itself while it runs.
/// </summary>
public sealed class KubeServers : IAsyncDisposable
{
    /// <summary>The token of somebody who may do nothing until a scenario allows it.</summary>
    internal const string RestrictedToken = "scenario-restricted-token";

    /// <summary>The token of the controller's ServiceAccount.</summary>
    internal const string ControllerToken = "scenario-controller-token";

    /// <summary>The token of the reclaim agent's ServiceAccount.</summary>
    internal const string AgentToken = "scenario-agent-token";

    /// <summary>The name of whom the restricted token is.</summary>
    internal const string RestrictedUser = "restricted";

    private static readonly string[] Tokens =
    [
        $"{RestrictedToken},{RestrictedUser},{RestrictedUser}",
        Accounts.TokenLine(ControllerToken, Accounts.Controller),
        Accounts.TokenLine(AgentToken, Accounts.Agent),
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // Most scenarios run on these. A server costs ten seconds of a core until it is up, so of the others there is one.
    private static readonly string[] Busiest = [Definitions.BothVersions.Name, Definitions.None.Name];

    private static readonly ConcurrentDictionary<string, Pool> Pools = new(StringComparer.Ordinal);

    /// <summary>Waits for the turn of a scenario; skips it where there is no real server.</summary>
    internal static async Task<Lease> RentAsync(string name, bool checksOwners = true)
    {
        var assets = KubeAssets.Found;
        Assert.SkipWhen(assets is null, KubeAssets.WhyNot);
        var pool = Pools.GetOrAdd(name, static name => new Pool(Busiest.Contains(name) ? 2 : 1));
        if (!await pool.Turn.WaitAsync(Patience, TestContext.Current.CancellationToken))
        {
            throw new TimeoutException($"The kube-apiserver {name} was not given back by another scenario within {Patience.TotalMinutes} minutes.");
        }

        try
        {
            return new Lease(pool, pool.Free.TryTake(out var server) ? server : await pool.StartAsync(assets, name, checksOwners), assets.Version);
        }
        catch
        {
            pool.Turn.Release();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in Pools.Values)
        {
            await Parallel.ForEachAsync(pool.Started, static (server, _) => server.DisposeAsync());
            pool.Turn.Dispose();
        }
    }

    /// <summary>The servers of one set of definitions. Another one is started when all are in use.</summary>
    /// <param name="most">How many there may be.</param>
    internal sealed class Pool(int most)
    {
        public SemaphoreSlim Turn { get; } = new(most);

        public ConcurrentBag<KubeApiServer> Free { get; } = [];

        public ConcurrentBag<KubeApiServer> Started { get; } = [];

        public async Task<KubeApiServer> StartAsync(KubeAssets assets, string name, bool checksOwners)
        {
            var server = await KubeApiServer.StartAsync(assets, name, Tokens, checksOwners);
            Started.Add(server);
            return server;
        }
    }

    /// <summary>A server of one's own until it is given back.</summary>
    internal sealed class Lease(Pool pool, KubeApiServer server, Version version) : IDisposable
    {
        public KubeApiServer Server => server;

        public Version Version => version;

        public void Dispose()
        {
            pool.Free.Add(server);
            pool.Turn.Release();
        }
    }
}
