// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.InteropServices;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.Clock;
using FiveSpot.Simulation;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>The command <c>5spot-sandbox</c>.</summary>
public static class CommandLine
{
    private static readonly string[] StartTimeFormats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads the flags and runs the sandbox until it is interrupted.</summary>
    /// <param name="args">The arguments.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args)
    {
        var result = Create().Parse(args);
        return result.Errors.Count == 0
            ? await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false })
            : await ReportErrorsAsync(result);
    }

    /// <summary>The command with all its flags.</summary>
    public static RootCommand Create()
    {
        var speed = new Option<double>("--speed")
        {
            HelpName = "N",
            Description = "Simulated seconds a second",
            DefaultValueFactory = _ => SandboxOptions.DefaultSpeed,
            CustomParser = result => Read(
                result,
                double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                    && value is >= ScaledTimeProvider.SlowestSpeed and <= ScaledTimeProvider.FastestSpeed,
                value,
                $"takes a number from {ScaledTimeProvider.SlowestSpeed} to {ScaledTimeProvider.FastestSpeed}, such as 600: ten minutes a second"),
        };
        var startTime = new Option<DateTimeOffset>("--start-time")
        {
            HelpName = "ISO",
            Description = "When simulated time begins, UTC where it names no offset",
            DefaultValueFactory = _ => SandboxOptions.DefaultStartTime,
            CustomParser = result => Read(
                result,
                DateTimeOffset.TryParseExact(
                    result.Tokens[0].Value,
                    StartTimeFormats,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var value)
                    && value.Year is >= 1970 and <= 2200,
                value,
                "takes a date and time from 1970 to 2200 in ISO 8601, such as 2026-03-29T00:30:00Z"),
        };
        var directory = new Option<string>("--directory")
        {
            HelpName = "DIR",
            Description = "Where management.kubeconfig, workload.kubeconfig and sandbox.log are written",
            DefaultValueFactory = _ => ".sandbox",
        };
        var port = Port("--port", "Port of the management API server on 127.0.0.1; 0 for any free one");
        var workloadPort = Port("--workload-port", "Port of the workload API server on 127.0.0.1; 0 for any free one");
        var metricsPort = Port("--metrics-port", "Port of the controller's /metrics on 127.0.0.1; 0 for any free one");
        var apply = new Option<string[]>("--apply")
        {
            HelpName = "FILE",
            Description = "A manifest to apply to the management cluster; may be given several times",
        };
        var noExamples = new Option<bool>("--no-examples") { Description = "Don't begin with the built-in examples" };
        var management = new Option<string?>("--management-kubeconfig")
        {
            HelpName = "F",
            Description = "Use this management cluster instead of an embedded one (with --workload-kubeconfig)",
        };
        var workload = new Option<string?>("--workload-kubeconfig")
        {
            HelpName = "F",
            Description = "Use this workload cluster instead of an embedded one (with --management-kubeconfig)",
        };
        var root = new RootCommand($"""
            5-Spot in a sandbox: the real controller, API servers within this process, simulated machines, and a fast clock.
            To be the owner of a machine who starts a program on it, and ends it:
              kubectl annotate sm NAME {OwnerPrograms.Annotation}=java
              kubectl annotate sm NAME {OwnerPrograms.Annotation}-
            """)
        {
            speed, startTime, directory, port, workloadPort, metricsPort, apply, noExamples, management, workload,
        };
        root.Validators.Add(result =>
        {
            if (result.GetResult(management) is null != result.GetResult(workload) is null)
            {
                result.AddError("--management-kubeconfig and --workload-kubeconfig go together: give both, or none for embedded API servers.");
            }
        });
        root.SetAction((parsed, _) => RunAsync(new SandboxOptions
        {
            Speed = parsed.GetValue(speed),
            StartTime = parsed.GetValue(startTime),
            Directory = parsed.GetValue(directory)!,
            Port = parsed.GetValue(port),
            WorkloadPort = parsed.GetValue(workloadPort),
            MetricsPort = parsed.GetValue(metricsPort),
            Apply = parsed.GetValue(apply) ?? [],
            Examples = !parsed.GetValue(noExamples),
            ManagementKubeconfig = parsed.GetValue(management),
            WorkloadKubeconfig = parsed.GetValue(workload),
        }));

        return root;
    }

    private static async Task<int> RunAsync(SandboxOptions options)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await SandboxHost.RunAsync(options, stop.Token);
            return ExitCode.Clean;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Clean;
        }
        catch (BadInputException bad)
        {
            await Console.Error.WriteLineAsync(bad.Message);
            return ExitCode.BadConfiguration;
        }
        catch (Exception failed) when (failed is InvalidOperationException or ApiException or ApiUnreachableException or IOException)
        {
            await Console.Error.WriteLineAsync($"The sandbox failed: {failed.Message}");
            return ExitCode.Failure;
        }
    }

    private static Option<int> Port(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        DefaultValueFactory = _ => 0,
        CustomParser = result => Read(
            result,
            int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 65535,
            value,
            "takes a port from 0 to 65535"),
    };

    private static T Read<T>(ArgumentResult result, bool isValid, T value, string allowed)
    {
        if (!isValid)
        {
            result.AddError($"{((OptionResult)result.Parent!).Option.Name} {allowed}; it was \"{result.Tokens[0].Value}\".");
        }

        return value;
    }

    private static async Task<int> ReportErrorsAsync(ParseResult result)
    {
        foreach (var message in result.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
        {
            await Console.Error.WriteLineAsync(message);
        }

        await Console.Error.WriteLineAsync("Try 5spot-sandbox --help.");
        return ExitCode.BadConfiguration;
    }
}
