// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
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
        var defaultHealthPort = FromEnvironment(environment, "HEALTH_PORT", 8081, TryPort, "a port from 0 to 65535", problems);
        var defaultForce = FromEnvironment(environment, "FORCE_FINALIZER_ON_TIMEOUT", fallback: false, bool.TryParse, "true or false", problems);
        var defaultProxyUrl = FromEnvironment(environment, "ALLOW_KUBECONFIG_PROXY_URL", fallback: false, bool.TryParse, "true or false", problems);
        var defaultInsecure = FromEnvironment(environment, "ALLOW_KUBECONFIG_INSECURE_SKIP_TLS_VERIFY", fallback: false, bool.TryParse, "true or false", problems);
        var defaultEvictions = FromEnvironment(environment, "CONCURRENT_EVICTIONS", new WorkloadSettings().ConcurrentEvictions, TryEvictions, EvictionsAllowed, problems);
        if (problems.Count > 0)
        {
            return await ReportErrorsAsync(problems);
        }

        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "The kubeconfig of the management cluster [KUBECONFIG; else in-cluster, else ~/.kube/config]",
        };
        var healthPort = new Option<int>("--health-port")
        {
            Description = "Port of /healthz and /readyz; 0 for none [HEALTH_PORT; 8081]",
            DefaultValueFactory = _ => defaultHealthPort,
        };
        healthPort.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !TryPort(result.Tokens[^1].Value, out _))
            {
                result.AddError("--health-port takes a port from 0 to 65535.");
            }
        });
        var bindAddress = new Option<string>("--bind-address")
        {
            Description = "Address that the health port listens on",
            DefaultValueFactory = _ => "0.0.0.0",
        };
        bindAddress.Validators.Add(result =>
        {
            if (!System.Net.IPAddress.TryParse(result.GetValueOrDefault<string>(), out _))
            {
                result.AddError("--bind-address takes an IP address, such as 0.0.0.0 or 127.0.0.1.");
            }
        });
        var logFormat = new Option<string>("--log-format")
        {
            Description = "json or text [LOG_FORMAT; json]",
            DefaultValueFactory = _ => environment("LOG_FORMAT") is { Length: > 0 } format ? format : "json",
        };
        logFormat.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("json" or "text"))
            {
                result.AddError("--log-format (LOG_FORMAT) takes json or text.");
            }
        });
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log each step of each pass" };
        var forceFinalizer = new Option<bool>("--force-finalizer-on-timeout")
        {
            Description = "Let a deleted ScheduledMachine go after 600 s though its machine is not gone [FORCE_FINALIZER_ON_TIMEOUT; false]",
            DefaultValueFactory = _ => defaultForce,
        };

        var evictions = new Option<int>("--concurrent-evictions")
        {
            Description = "How many evictions are asked of one workload cluster at once, 1 to 1000 [CONCURRENT_EVICTIONS; 32]",
            DefaultValueFactory = _ => defaultEvictions,
        };
        evictions.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !TryEvictions(result.Tokens[^1].Value, out _))
            {
                result.AddError($"--concurrent-evictions takes {EvictionsAllowed}.");
            }
        });
        var allowProxyUrl = new Option<bool>(KubeconfigPolicy.FlagFor(KubeconfigPolicy.ProxyUrl))
        {
            Description = "Let the kubeconfig of a workload cluster name a proxy [ALLOW_KUBECONFIG_PROXY_URL; false]",
            DefaultValueFactory = _ => defaultProxyUrl,
        };
        var allowInsecure = new Option<bool>(KubeconfigPolicy.FlagFor(KubeconfigPolicy.InsecureSkipTlsVerify))
        {
            Description = "Let the kubeconfig of a workload cluster switch the check of its server's certificate off, or its server be an http address [ALLOW_KUBECONFIG_INSECURE_SKIP_TLS_VERIFY; false]",
            DefaultValueFactory = _ => defaultInsecure,
        };

        var crd = new Command("crd", "Print the CustomResourceDefinition of ScheduledMachine, to pipe into kubectl apply -f -");
        crd.SetAction(async (_, cancellationToken) =>
        {
            await Console.Out.WriteAsync(ScheduledMachineCrd.ToYaml().AsMemory(), cancellationToken);
            return ExitCode.Clean;
        });

        var root = new RootCommand("5-Spot: puts physical machines into clusters, and takes them out again, on a schedule.")
        {
            kubeconfig, healthPort, bindAddress, logFormat, verbose, forceFinalizer, evictions, allowProxyUrl, allowInsecure, crd,
        };
        root.SetAction(async (parsed, _) =>
        {
            using var loggers = Logging.Create(
                parsed.GetValue(logFormat) == "json", parsed.GetValue(verbose) ? LogLevel.Debug : LogLevel.Information);
            var settings = new ControllerSettings
            {
                Decisions = new DecisionOptions { ForceFinalizerOnTimeout = parsed.GetValue(forceFinalizer) },
                Workload = new WorkloadSettings
                {
                    ConcurrentEvictions = parsed.GetValue(evictions),
                    Kubeconfigs = new KubeconfigPolicy
                    {
                        AllowProxyUrl = parsed.GetValue(allowProxyUrl),
                        AllowInsecureSkipTlsVerify = parsed.GetValue(allowInsecure),
                    },
                },
            };
            ClusterConnection connection;
            try
            {
                connection = ClusterConnection.FromDefaults(parsed.GetValue(kubeconfig));
            }
            catch (ClusterConnectionException exception)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return ExitCode.BadConfiguration;
            }

            return await RunAsync(
                connection, settings, System.Net.IPAddress.Parse(parsed.GetValue(bindAddress)!), parsed.GetValue(healthPort), loggers);
        });

        var result = root.Parse(args);
        return result.Errors.Count == 0
            ? await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
            : await ReportErrorsAsync(result.Errors.Select(error => error.Message));
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

    private static async Task<int> RunAsync(
        ClusterConnection connection, ControllerSettings settings, System.Net.IPAddress address, int healthPort, ILoggerFactory loggers)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var api = new ApiClient(connection, new ApiClientOptions { UserAgent = $"5spot/{typeof(CommandLine).Assembly.GetName().Version?.ToString(3)}" });
        using var controller = new FiveSpotController(api, settings, loggers);
        try
        {
            await using var health = await HealthServer.StartAsync(address, healthPort, () => controller.Ready.IsCompletedSuccessfully);
            await controller.RunAsync(stop.Token);
            return ExitCode.Clean;
        }
        catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"The health port {address}:{healthPort} is in use: choose another with --health-port.");
            return ExitCode.BadConfiguration;
        }
    }

    private delegate bool TryRead<T>(string text, out T value);

    private const string EvictionsAllowed = "a number from 1 to 1000";

    private static bool TryEvictions(string text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is >= 1 and <= 1000;

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535;

    private static T FromEnvironment<T>(
        Func<string, string?> environment, string variable, T fallback, TryRead<T> tryRead, string allowed, List<string> problems)
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
