// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>The command <c>5spot-reclaim-agent</c>: its flags, their environment variables, and what they run.</summary>
public static partial class CommandLine
{
    private const string Detectors = "auto, netlink or poll";
    private const string Formats = "json or text";
    private const string Ports = "a port from 0 to 65535";

    // A server that takes longer than this to begin an answer is not there, as far as a person at their desk can tell.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Reads the flags and runs what they ask for.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="environment">Looks up an environment variable; a flag wins over its variable.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args, Func<string, string?> environment)
    {
        var result = Create(environment).Parse(args);
        return result.Errors.Count == 0
            ? await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
            : await ReportErrorsAsync(result.Errors.Select(error => error.Message));
    }

    /// <summary>The command with all its flags.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    public static RootCommand Create(Func<string, string?> environment)
    {
        string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;

        var nodeName = new Option<string?>("--node-name")
        {
            Description = "The Node of this machine [NODE_NAME]",
            DefaultValueFactory = _ => Variable("NODE_NAME"),
        };
        nodeName.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: > 0 })
            {
                result.AddError("--node-name (NODE_NAME) is needed: the name of the Node of this machine.");
            }
        });
        var ns = new Option<string>("--namespace")
        {
            Description = $"The namespace of the agent's ConfigMap [POD_NAMESPACE; {WellKnown.SystemNamespace}]",
            DefaultValueFactory = _ => Variable("POD_NAMESPACE") ?? WellKnown.SystemNamespace,
        };
        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "The kubeconfig of the machine's cluster [KUBECONFIG; else in-cluster, else ~/.kube/config]",
        };
        var detector = Choice<DetectorKind>("--detector", "DETECTOR", "auto", Detectors, "How processes are noticed: by the kernel's proc connector (netlink), by polling, or as it can be had", TryDetector);
        var procRoot = new Option<string>("--proc-root")
        {
            Description = "Where the machine's /proc is",
            DefaultValueFactory = _ => "/proc",
        };
        var machineIdPath = new Option<string>("--machine-id-path")
        {
            Description = "Where the machine's /etc/machine-id is",
            DefaultValueFactory = _ => "/etc/machine-id",
        };
        var logFormat = Choice<bool>("--log-format", "LOG_FORMAT", "json", Formats, "How it logs", TryJson);
        var metricsPort = Choice<int>("--metrics-port", "METRICS_PORT", "0", Ports, "Port of /metrics, /healthz and /readyz; 0 for none", TryPort);
        var metricsAddress = Choice<IPAddress>("--metrics-address", "METRICS_ADDRESS", "127.0.0.1", DiagnosticsServer.Addresses, "Address that the metrics port listens on", DiagnosticsServer.TryReadAddress);
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log more" };

        var root = new RootCommand("5-Spot's reclaim agent: notices that the owner of a machine starts a program, and asks for the machine back.")
        {
            nodeName, ns, kubeconfig, detector, procRoot, machineIdPath, logFormat, metricsPort, metricsAddress, verbose,
        };
        root.SetAction(async (parsed, _) =>
        {
            using var loggers = ConsoleLogging.Create(
                Value<bool>(parsed, logFormat, TryJson), parsed.GetValue(verbose) ? LogLevel.Debug : LogLevel.Information);
            var settings = new ReclaimAgentSettings
            {
                NodeName = parsed.GetValue(nodeName)!,
                Namespace = parsed.GetValue(ns)!,
                ProcRoot = parsed.GetValue(procRoot)!,
                MachineIdPath = parsed.GetValue(machineIdPath)!,
                Detector = Value<DetectorKind>(parsed, detector, TryDetector),
            };
            var metrics = new IPEndPoint(Value<IPAddress>(parsed, metricsAddress, DiagnosticsServer.TryReadAddress), Value<int>(parsed, metricsPort, TryPort));
            try
            {
                return await RunAsync(ClusterConnection.FromDefaults(parsed.GetValue(kubeconfig)), settings, metrics, loggers);
            }
            catch (ClusterConnectionException exception)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return ExitCode.BadConfiguration;
            }
            catch (Exception exception) when (exception is DetectorRefusedException or IOException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return ExitCode.Failure;
            }
        });

        return root;

        Option<string> Choice<T>(string flag, string variable, string fallback, string allowed, string description, TryRead<T> tryRead)
        {
            var option = new Option<string>(flag)
            {
                Description = $"{description}: {allowed} [{variable}; {fallback}]",
                DefaultValueFactory = _ => Variable(variable) ?? fallback,
            };
            option.Validators.Add(validated =>
            {
                if (!tryRead(validated.GetValueOrDefault<string>() ?? "", out var _))
                {
                    validated.AddError($"{flag} ({variable}) takes {allowed}.");
                }
            });
            return option;
        }
    }

    private delegate bool TryRead<T>(string text, out T value);

    private static async Task<int> ReportErrorsAsync(IEnumerable<string> errors)
    {
        foreach (var error in errors.Distinct())
        {
            await Console.Error.WriteLineAsync(error);
        }

        await Console.Error.WriteLineAsync("Try 5spot-reclaim-agent --help.");
        return ExitCode.BadConfiguration;
    }

    private static async Task<int> RunAsync(
        ClusterConnection connection, ReclaimAgentSettings settings, IPEndPoint diagnostics, ILoggerFactory loggers)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var api = new ApiClient(connection, new ApiClientOptions
        {
            UserAgent = $"{WellKnown.ReclaimAgentName}/{typeof(CommandLine).Assembly.GetName().Version?.ToString(3)}",
            RequestTimeout = RequestTimeout,
        });
        using var metrics = new MetricRegistry(static meter => meter.Name is FiveSpotReclaimAgent.MeterName or RuntimeMetrics.MeterName, "fivespot_");
        using var agent = new FiveSpotReclaimAgent(api, settings, loggers);
        await using var server = Serve(diagnostics, metrics, agent, loggers.CreateLogger<DiagnosticsServer>());
        await agent.RunAsync(stop.Token);
        return ExitCode.Clean;
    }

    // On the network of somebody's workstation a port may be taken. The machine must be given back all the same.
    private static DiagnosticsServer? Serve(IPEndPoint address, MetricRegistry metrics, FiveSpotReclaimAgent agent, ILogger logger)
    {
        if (address.Port == 0)
        {
            return null;
        }

        try
        {
            var pages = new DiagnosticsPages
            {
                Metrics = metrics,
                Dead = static () => null,
                Unready = () => agent.Ready.IsCompletedSuccessfully ? null : "It is not known yet what to look for.",
            };
            return DiagnosticsServer.Start(address, pages, TimeProvider.System, logger);
        }
        catch (IOException exception)
        {
            LogNoMetrics(logger, exception.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "There are no metrics and probes: {Problem}. Choose another port with --metrics-port.")]
    private static partial void LogNoMetrics(ILogger logger, string problem);

    // The validator has seen it.
    private static T Value<T>(ParseResult parsed, Option<string> option, TryRead<T> tryRead) =>
        tryRead(parsed.GetValue(option)!, out var value) ? value : throw new InvalidOperationException(option.Name);

    private static bool TryJson(string text, out bool json)
    {
        json = text == "json";
        return json || text == "text";
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;

    private static bool TryDetector(string text, out DetectorKind kind)
    {
        (var known, kind) = text switch
        {
            "auto" => (true, DetectorKind.Auto),
            "netlink" => (true, DetectorKind.Netlink),
            "poll" => (true, DetectorKind.Poll),
            _ => (false, DetectorKind.Auto),
        };
        return known;
    }
}
