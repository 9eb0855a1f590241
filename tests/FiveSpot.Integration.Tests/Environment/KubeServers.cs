// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Integration.Tests.Environment;

[assembly: AssemblyFixture(typeof(KubeServers))]

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The real control planes of a test run: one for each set of definitions, started when a scenario first asks for it and
/// stopped when the run ends. A controller watches all namespaces, so a scenario has its server to itself while it runs.
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

    private static readonly ConcurrentDictionary<string, Lazy<Task<Shared>>> Started = new();

    /// <summary>Waits for the turn of a scenario; skips it where there is no real server.</summary>
    internal static async Task<Lease> RentAsync(string name, bool checksOwners = true)
    {
        var assets = KubeAssets.Found;
        Assert.SkipWhen(assets is null, KubeAssets.WhyNot);
        var shared = await Started.GetOrAdd(name, _ => new Lazy<Task<Shared>>(async () =>
            new Shared(await KubeApiServer.StartAsync(assets, name, Tokens, checksOwners), assets.Version, new SemaphoreSlim(1)))).Value;
        return await shared.Turn.WaitAsync(Patience, TestContext.Current.CancellationToken)
            ? new Lease(shared)
            : throw new TimeoutException($"The kube-apiserver {name} was not given back by another scenario within {Patience.TotalMinutes} minutes.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Started.Values)
        {
            var shared = await started.Value;
            await shared.Server.DisposeAsync();
            shared.Turn.Dispose();
        }
    }

    internal sealed record Shared(KubeApiServer Server, Version Version, SemaphoreSlim Turn);

    /// <summary>A server of one's own until it is given back.</summary>
    internal sealed class Lease(Shared shared) : IDisposable
    {
        public KubeApiServer Server => shared.Server;

        public Version Version => shared.Version;

        public void Dispose() => shared.Turn.Release();
    }
}
