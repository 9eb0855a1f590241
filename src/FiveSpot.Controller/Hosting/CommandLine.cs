// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;
using System.Net;
using FiveSpot.Api;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Hosting;

/// <summary>The command <c>5spot</c>: its flags, their environment variables, and what they run.</summary>
public static class CommandLine
{
    /// <summary>Reads the flags and runs what they ask for.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="environment">Looks up an environment variable; a flag wins over its variable.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args, Func<string, string?> environment)
    {
        var problems = new List<string>();
        var root = Create(environment, problems);
        var result = root.Parse(args);
        problems.AddRange(result.Errors.Select(error => error.Message));
        return problems.Count == 0
            ? await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
            : await ReportErrorsAsync(problems);
    }

    /// <summary>The command with all its flags.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="problems">Gets a sentence for each variable that can't be used.</param>
    public static RootCommand Create(Func<string, string?> environment, ICollection<string> problems)
    {
        const string Lasts = "whole seconds from 1 to 3600";
        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "The kubeconfig of the management cluster [KUBECONFIG; else in-cluster, else ~/.kube/config]",
        };
        var election = Switch("--enable-leader-election", "ENABLE_LEADER_ELECTION", "Run beside other replicas: only the one that holds the Lease works, the others are ready to");
        var leaseName = Flag("--lease-name", "LEASE_NAME", WellKnown.LeaseName, "Name of the Lease; with several instances, their number follows it", TryName, "the name of an object: lower-case letters, digits, '-' and '.'");
        var leaseNamespace = Flag("--lease-namespace", "POD_NAMESPACE", WellKnown.SystemNamespace, "Namespace of the Lease", TryName, "the name of a namespace: lower-case letters, digits and '-'");
        var leaseDuration = Flag("--lease-duration", "LEASE_DURATION_SECONDS", 15, "How long after its last renewal a Lease may be taken over, in seconds", TrySeconds, Lasts);
        var renewDeadline = Flag("--lease-renew-deadline", "LEASE_RENEW_DEADLINE_SECONDS", 10, "How long after its last renewal the leader may work, in seconds", TrySeconds, Lasts);
        var retryPeriod = Flag("--lease-retry-period", "LEASE_RETRY_PERIOD_SECONDS", 2, "From one renewal to the next, in seconds", TrySeconds, Lasts);
        var instanceId = Flag("--instance-id", "OPERATOR_INSTANCE_ID", 0, "Which of the instances this is, from 0", TryInstance, $"a number from 0 to {InstanceShare.MaxCount - 1}");
        var instanceCount = Flag("--instance-count", "OPERATOR_INSTANCE_COUNT", 1, "Among how many instances the machines are divided", TryCount, $"a number from 1 to {InstanceShare.MaxCount}");
        var metricsPort = Flag("--metrics-port", "METRICS_PORT", 8080, "Port of /metrics; 0 for none", TryPort, Ports);
        var healthPort = Flag("--health-port", "HEALTH_PORT", 8081, "Port of /healthz and /readyz; 0 for none", TryPort, Ports);
        var bindAddress = Flag("--bind-address", "BIND_ADDRESS", IPAddress.IPv6Any, "Address that both ports listen on; :: is all of IPv6 and of IPv4, as far as the kernel has them", DiagnosticsServer.TryReadAddress, DiagnosticsServer.Addresses);
        var logFormat = Flag("--log-format", "LOG_FORMAT", "json", "json or text", TryFormat, "json or text");
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log each step of each pass" };
        var forceFinalizer = Switch("--force-finalizer-on-timeout", "FORCE_FINALIZER_ON_TIMEOUT", "Let a deleted ScheduledMachine go after 600 s though its machine is not gone");
        var evictions = Flag("--concurrent-evictions", "CONCURRENT_EVICTIONS", new WorkloadSettings().ConcurrentEvictions, "How many evictions are asked of one workload cluster at once", TryEvictions, "a number from 1 to 1000");
        var usual = new CacheLimits();
        var watchObjects = Flag("--workload-watch-objects", "WORKLOAD_WATCH_OBJECTS", usual.WatchObjects, "How many Nodes of one workload cluster, or Pods of one Node, are taken; of a cluster with more nothing is held", TryObjects, Objects);
        var clusterObjects = Flag("--workload-cluster-objects", "WORKLOAD_CLUSTER_OBJECTS", usual.ServerObjects, "How many objects are held of one workload cluster", TryObjects, Objects);
        var clusterMebibytes = Flag("--workload-cluster-mebibytes", "WORKLOAD_CLUSTER_MEBIBYTES", (int)(usual.ServerBytes >> 20), "How much memory one workload cluster may take, in MiB", TryMebibytes, Mebibytes);
        var totalMebibytes = Flag("--workload-total-mebibytes", "WORKLOAD_TOTAL_MEBIBYTES", (int)(usual.TotalBytes >> 20), "How much memory all workload clusters together may take, in MiB; when it is too little, the one that takes the most goes", TryMebibytes, Mebibytes);
        var allowProxyUrl = Switch(KubeconfigPolicy.FlagFor(KubeconfigPolicy.ProxyUrl), "ALLOW_KUBECONFIG_PROXY_URL", "Let the kubeconfig of a workload cluster name a proxy");
        var allowInsecure = Switch(
            KubeconfigPolicy.FlagFor(KubeconfigPolicy.InsecureSkipTlsVerify),
            "ALLOW_KUBECONFIG_INSECURE_SKIP_TLS_VERIFY",
            "Let the kubeconfig of a workload cluster switch the check of its server's certificate off, or its server be an http address");
        var allowOwn = Switch(
            KubeconfigPolicy.FlagFor(KubeconfigPolicy.OwnAddresses),
            "ALLOW_KUBECONFIG_OWN_ADDRESSES",
            "Let the kubeconfig of a workload cluster lead to loopback, or to the address of the management cluster's API server");

        var crd = new Command("crd", "Print the CustomResourceDefinition of ScheduledMachine, to pipe into kubectl apply -f -");
        crd.SetAction(async (_, cancellationToken) =>
        {
            await Console.Out.WriteAsync(ScheduledMachineCrd.ToYaml().AsMemory(), cancellationToken);
            return ExitCode.Clean;
        });

        var root = new RootCommand("5-Spot: puts physical machines into clusters, and takes them out again, on a schedule.")
        {
            kubeconfig, election, leaseName, leaseNamespace, leaseDuration, renewDeadline, retryPeriod, instanceId, instanceCount,
            metricsPort, healthPort, bindAddress, logFormat, verbose, forceFinalizer, evictions, watchObjects, clusterObjects, clusterMebibytes, totalMebibytes, allowProxyUrl, allowInsecure, allowOwn, crd,
        };
        root.SetAction(async (parsed, _) =>
        {
            // What one flag says is right or wrong beside what another does.
            var (duration, deadline, period) = (parsed.GetValue(leaseDuration), parsed.GetValue(renewDeadline), parsed.GetValue(retryPeriod));
            if (duration <= deadline || deadline <= period)
            {
                return await ReportErrorsAsync([$"--lease-duration ({duration}) must be more than --lease-renew-deadline ({deadline}), and that more than --lease-retry-period ({period})."]);
            }

            var instances = new InstanceShare(parsed.GetValue(instanceId), parsed.GetValue(instanceCount));
            if (instances.Id >= instances.Count)
            {
                return await ReportErrorsAsync([$"--instance-id ({instances.Id}) must be less than --instance-count ({instances.Count}): the first instance is 0."]);
            }

            using var loggers = ConsoleLogging.Create(
                parsed.GetValue(logFormat) == "json", parsed.GetValue(verbose) ? LogLevel.Debug : LogLevel.Information);
            var settings = new ControllerSettings
            {
                Decisions = new DecisionOptions { ForceFinalizerOnTimeout = parsed.GetValue(forceFinalizer) },
                Workload = new WorkloadSettings
                {
                    ConcurrentEvictions = parsed.GetValue(evictions),
                    Caches = new CacheBudget(new CacheLimits
                    {
                        WatchObjects = parsed.GetValue(watchObjects),
                        ServerObjects = parsed.GetValue(clusterObjects),
                        ServerBytes = (long)parsed.GetValue(clusterMebibytes) << 20,
                        TotalBytes = (long)parsed.GetValue(totalMebibytes) << 20,
                    }),
                    Kubeconfigs = new KubeconfigPolicy
                    {
                        AllowProxyUrl = parsed.GetValue(allowProxyUrl),
                        AllowInsecureSkipTlsVerify = parsed.GetValue(allowInsecure),
                        AllowOwnAddresses = parsed.GetValue(allowOwn),
                    },
                },
                Instances = instances,
            };
            var process = new ControllerProcess(settings, loggers)
            {
                Lease = parsed.GetValue(election) ? new ObjectKey(parsed.GetValue(leaseNamespace)!, parsed.GetValue(leaseName)!) : null,
                LeaseDuration = TimeSpan.FromSeconds(duration),
                RenewDeadline = TimeSpan.FromSeconds(deadline),
                RetryPeriod = TimeSpan.FromSeconds(period),
                Metrics = new IPEndPoint(parsed.GetValue(bindAddress)!, parsed.GetValue(metricsPort)),
                Health = new IPEndPoint(parsed.GetValue(bindAddress)!, parsed.GetValue(healthPort)),
            };
            try
            {
                using var traces = TraceExport.Start(environment);
                await process.RunAsync(ClusterConnection.FromDefaults(parsed.GetValue(kubeconfig)));
                return ExitCode.Clean;
            }
            catch (Exception exception) when (exception is ClusterConnectionException or IOException or FormatException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return ExitCode.BadConfiguration;
            }
        });
        return root;

        Option<bool> Switch(string flag, string variable, string description)
        {
            var fallback = FromEnvironment(environment, variable, fallback: false, bool.TryParse, "true or false", problems);
            return new Option<bool>(flag) { Description = $"{description} [{variable}]", DefaultValueFactory = _ => fallback };
        }

        Option<T> Flag<T>(string flag, string variable, T usual, string description, TryRead<T> tryRead, string allowed)
        {
            var fallback = FromEnvironment(environment, variable, usual, tryRead, allowed, problems);
            return new Option<T>(flag)
            {
                Description = $"{description} [{variable}]",
                DefaultValueFactory = _ => fallback,
                CustomParser = parsed =>
                {
                    if (parsed.Tokens is [.., var last] && tryRead(last.Value, out var value))
                    {
                        return value;
                    }

                    parsed.AddError($"{flag} takes {allowed}.");
                    return default;
                },
            };
        }
    }

    private static async Task<int> ReportErrorsAsync(IEnumerable<string> errors)
    {
        foreach (var error in errors.Distinct())
        {
            await Console.Error.WriteLineAsync(error);
        }

        await Console.Error.WriteLineAsync("Try 5spot --help.");
        return ExitCode.BadConfiguration;
    }

    private delegate bool TryRead<T>(string text, out T value);

    private const string Ports = "a port from 0 to 65535";

    private static bool TryEvictions(string text, out int count) => TryNumber(text, 1, 1000, out count);

    private const string Objects = "a number from 100 to 10000000";

    private const string Mebibytes = "whole MiB from 1 to 65536";

    private static bool TryObjects(string text, out int count) => TryNumber(text, 100, 10_000_000, out count);

    private static bool TryMebibytes(string text, out int mebibytes) => TryNumber(text, 1, 65_536, out mebibytes);

    private static bool TryPort(string text, out int port) => TryNumber(text, 0, IPEndPoint.MaxPort, out port);

    private static bool TrySeconds(string text, out int seconds) => TryNumber(text, 1, 3600, out seconds);

    private static bool TryInstance(string text, out int id) => TryNumber(text, 0, InstanceShare.MaxCount - 1, out id);

    private static bool TryCount(string text, out int count) => TryNumber(text, 1, InstanceShare.MaxCount, out count);

    private static bool TryNumber(string text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;

    private static bool TryFormat(string text, out string format)
    {
        format = text;
        return text is "json" or "text";
    }

    private static bool TryName(string text, out string name)
    {
        name = text;
        return text is { Length: > 0 and <= 253 } && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
            && text.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '.');
    }

    private static T FromEnvironment<T>(
        Func<string, string?> environment, string variable, T fallback, TryRead<T> tryRead, string allowed, ICollection<string> problems)
    {
        if (environment(variable) is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (tryRead(text, out var value))
        {
            return value;
        }

        problems.Add($"The environment variable {variable} is \"{text}\"; it takes {allowed}.");
        return fallback;
    }
}
