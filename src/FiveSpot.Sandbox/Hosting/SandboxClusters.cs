// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>The two API servers: embedded ones, or those of given kubeconfigs.</summary>
internal sealed class SandboxClusters : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly EmbeddedApiServer[] _embedded;

    private SandboxClusters(EmbeddedApiServer[] embedded, string managementKubeconfig, string workloadKubeconfig)
    {
        _embedded = embedded;
        ManagementKubeconfig = managementKubeconfig;
        WorkloadKubeconfig = workloadKubeconfig;
        Management = Connect(managementKubeconfig);
        Workload = Connect(workloadKubeconfig);
        (SharedKubeconfig, WhyNotShared) = Share(workloadKubeconfig);
    }

    public bool AreEmbedded => _embedded.Length > 0;

    public ClusterConnection Management { get; }

    public ClusterConnection Workload { get; }

    /// <summary>What the Secrets of the workload cluster hold; null when its kubeconfig is of no use in a Secret.</summary>
    public byte[]? SharedKubeconfig { get; }

    /// <summary>Why not, in a sentence.</summary>
    public string? WhyNotShared { get; }

    /// <summary>Full path.</summary>
    public string ManagementKubeconfig { get; }

    /// <summary>Full path.</summary>
    public string WorkloadKubeconfig { get; }

    /// <summary>Starts or connects.</summary>
    /// <exception cref="BadInputException">A port is in use, or a kubeconfig is of no use.</exception>
    public static async Task<SandboxClusters> OpenAsync(SandboxOptions options, string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (options is { ManagementKubeconfig: { } givenManagement, WorkloadKubeconfig: { } givenWorkload })
        {
            return new SandboxClusters([], Path.GetFullPath(givenManagement), Path.GetFullPath(givenWorkload));
        }

        var management = await StartAsync("sandbox-management", "--port", options.Port, clock, cancellationToken);
        EmbeddedApiServer? workload = null;
        try
        {
            workload = await StartAsync("sandbox-workload", "--workload-port", options.WorkloadPort, clock, cancellationToken);
            return new SandboxClusters(
                [management, workload], Write(directory, "management.kubeconfig", management), Write(directory, "workload.kubeconfig", workload));
        }
        catch
        {
            await management.DisposeAsync();
            if (workload is not null)
            {
                await workload.DisposeAsync();
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _embedded)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<EmbeddedApiServer> StartAsync(string name, string flag, int port, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            return await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = name, Port = port, Clock = clock }, cancellationToken);
        }
        catch (InvalidOperationException inUse) when (port != 0)
        {
            throw new BadInputException($"Port {port} of 127.0.0.1 is in use: choose another with {flag}, or 0 for any free one.", inUse);
        }
    }

    // It holds the token: for its owner alone, from the beginning.
    private static string Write(string directory, string name, EmbeddedApiServer server)
    {
        var path = Path.Combine(directory, name);
        try
        {
            File.Delete(path);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using var file = new FileStream(path, options);
            file.Write(System.Text.Encoding.UTF8.GetBytes(server.Kubeconfig()));
            return path;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} can't be written: {failed.Message}", failed);
        }
    }

    // What 5-Spot would refuse in a Secret is not put into one.
    private static (byte[]? Kubeconfig, string? WhyNot) Share(string path)
    {
        var kubeconfig = File.ReadAllBytes(path);
        try
        {
            _ = ClusterConnection.FromKubeconfig(kubeconfig, path);
            return (kubeconfig, null);
        }
        catch (ClusterConnectionException refused)
        {
            return (null, refused.Message);
        }
    }

    private static ClusterConnection Connect(string kubeconfig)
    {
        try
        {
            return ClusterConnection.FromDefaults(kubeconfig);
        }
        catch (ClusterConnectionException unusable)
        {
            throw new BadInputException(unusable.Message, unusable);
        }
    }
}
