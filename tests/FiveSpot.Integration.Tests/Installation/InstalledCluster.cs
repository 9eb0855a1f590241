// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Integration.Tests.Admission;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>A real cluster of its own on which an operator has typed <c>kubectl apply -k deploy</c>.</summary>
public sealed class InstalledCluster : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private KubeApiServer? _server;
    private ApiClient? _api;
    private ApiClient? _judge;

    /// <summary>What kubectl said when it was typed.</summary>
    internal (string Output, string Errors) First { get; private set; }

    /// <summary>The administrator's client.</summary>
    internal ApiClient Api => _api!;

    /// <summary>The administrator's client whose writes are judged and not kept.</summary>
    internal ApiClient Judge => _judge!;

    /// <summary>Installs it, the first time; skips the test where there is no server of a version.</summary>
    /// <param name="needed">The oldest version that will do, and what came with it; null for any.</param>
    internal async Task PrepareAsync((Version Version, string What)? needed = null)
    {
        Kubectl.Require();
        var assets = KubeAssets.Found;
        Assert.SkipWhen(assets is null, KubeAssets.WhyNot);
        Assert.SkipWhen(assets.Version < needed?.Version, $"Kubernetes {assets.Version} has no {needed?.What}: it takes {needed?.Version}");
        await _one.WaitAsync();
        try
        {
            if (_server is null)
            {
                _server = await KubeApiServer.StartAsync(assets, "installed");
                var connection = ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(_server.Kubeconfig()), "the test's");
                _api = new ApiClient(connection);
                _judge = new ApiClient(connection, new ApiClientOptions { WrapHandler = inner => new DryRun(inner) });
                First = await KubectlAsync("apply", "-k", "deploy");
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>What kubectl says, typed in the root of the checkout.</summary>
    internal Task<(string Output, string Errors)> KubectlAsync(params string[] arguments)
    {
        // Kubernetes before 1.25 knows no rules in definitions: the README says what is typed there.
        IEnumerable<string> all = arguments[0] == "apply" && KubeAssets.Found!.Version < new Version(1, 25) ? [.. arguments, "--validate=false"] : arguments;
        return Kubectl.RunAsync(_server!.Kubeconfig(), [.. all]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        _judge?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _one.Dispose();
    }
}
