// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FiveSpot.ApiServer;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>kubectl sees no difference between the embedded API server and a real one: the same commands, the same output.</summary>
public sealed partial class KubectlTests
{
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(60);

    /// <summary>The sessions by name.</summary>
    public static TheoryData<string> Names => [.. KubectlSessions.All.Select(session => session.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Output_is_the_same(string name)
    {
        Kubectl.Require();
        var session = KubectlSessions.All.Single(session => session.Name == name);
        using var lease = await KubeServers.RentAsync(Definitions.BothVersions.Name);
        await using var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = lease.Server.Name });
        using var folder = new TemporaryFolder();
        var embedded = folder.Write("embedded.kubeconfig", server.Kubeconfig());
        var real = folder.Write("real.kubeconfig", lease.Server.Kubeconfig());
        foreach (var (kubeconfig, first) in new[] { (embedded, true), (real, false) })
        {
            await InstallAsync(kubeconfig, folder, first);
            // What was found before the definitions were there.
            Directory.Delete(CacheOf(kubeconfig), recursive: true);
            (await RunAsync(kubeconfig, new KubectlCommand(["create", "namespace", session.Namespace]), session)).Code.ShouldBe(0);
        }

        var failures = new StringBuilder();
        try
        {
            foreach (var command in session.Commands.Where(command => command.Since <= lease.Version.Minor))
            {
                var (one, other) = (RunAsync(embedded, command, session), RunAsync(real, command, session));
                var (ours, theirs) = (await one, await other);
                var different = ours.PartsUnlike(theirs).ToList();
                var allowances = command.Allowances.Where(allowance => allowance.Holds(lease.Version)).ToList();
                if (different.Exists(part => !allowances.Exists(allowance => allowance.Covering(part).Any())))
                {
                    failures.Append($"$ {command}\nembedded: {ours}\nreal:     {theirs}\n");
                }

                foreach (var allowance in allowances.Where(allowance => allowance.IsChecked(lease.Version)))
                {
                    foreach (var part in allowance.Paths.Except(different, StringComparer.Ordinal))
                    {
                        failures.Append($"$ {command}\n{part} does not differ, so {allowance.Id} need not be declared\n");
                    }
                }
            }
        }
        finally
        {
            foreach (var kubeconfig in (string[])[embedded, real])
            {
                await RunAsync(kubeconfig, new KubectlCommand(["delete", "nodes", "--all", "--wait=false"]), session);
                await RunAsync(kubeconfig, new KubectlCommand(["delete", "namespace", session.Namespace, "--wait=false"]), session);
            }
        }

        if (failures.Length > 0)
        {
            Assert.Fail($"kubectl tells the embedded API server from kube-apiserver {lease.Version}.\n{failures}");
        }
    }

    // The definitions that scenarios need too; on the shared server they stay.
    private static async Task InstallAsync(string kubeconfig, TemporaryFolder folder, bool write)
    {
        var names = new List<string>();
        foreach (var definition in Definitions.BothVersions.Read())
        {
            var name = Definitions.NameOf(definition);
            names.Add($"crd/{name}");
            var file = write ? folder.Write(name, definition.ToJsonString()) : folder.PathOf(name);
            await RunAsync(kubeconfig, new KubectlCommand(["create", "--validate=false", "-f", file]), session: null);
        }

        (await RunAsync(kubeconfig, new KubectlCommand(["wait", "--for=condition=Established", "--timeout=30s", .. names]), session: null)).Code.ShouldBe(0);
    }

    private static string CacheOf(string kubeconfig) => $"{kubeconfig}.cache";

    private static async Task<Output> RunAsync(string kubeconfig, KubectlCommand command, KubectlSession? session)
    {
        var start = new ProcessStartInfo("kubectl", command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        // Discovery of each server apart, and not of an earlier run's on the same port.
        start.Environment["KUBECACHEDIR"] = CacheOf(kubeconfig);
        if (session is not null)
        {
            start.ArgumentList.Add($"--namespace={session.Namespace}");
        }

        if (command.Edit is not null)
        {
            start.Environment["KUBE_EDITOR"] = $"sed -i {command.Edit}";
        }

        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(command.Input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(CommandDeadline, TimeProvider.System);
        await process.WaitForExitAsync(deadline.Token);
        return new Output(process.ExitCode, Normalize(await output), Normalize(await errors));
    }

    // What no two servers have alike; the width of a column follows from it.
    private static string Normalize(string text)
    {
        text = Address().Replace(text, "https://server");
        text = Uid().Replace(text, "<uid>");
        text = Timestamp().Replace(text, "<time>");
        text = HumanTime().Replace(text, "<time>");
        text = FileTime().Replace(text, "<time>");
        text = DiffFolder().Replace(text, "$1");
        text = Version().Replace(text, "$1<version>");
        text = Age().Replace(text, "<age>$1");
        return Blanks().Replace(text, " ");
    }

    [GeneratedRegex(@"https://127\.0\.0\.1:\d+")]
    private static partial Regex Address();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")]
    private static partial Regex HumanTime();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}")]
    private static partial Regex FileTime();

    [GeneratedRegex(@"\S*/(LIVE|MERGED)-\d+")]
    private static partial Regex DiffFolder();

    [GeneratedRegex("(\"?resourceVersion\"?: |Resource Version: +)\"?\\d+\"?")]
    private static partial Regex Version();

    [GeneratedRegex(@"(?<= )\d+m?s( *$| +)", RegexOptions.Multiline)]
    private static partial Regex Age();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();

    private sealed record Output(int Code, string Text, string Errors)
    {
        public IEnumerable<string> PartsUnlike(Output other)
        {
            if (Code != other.Code)
            {
                yield return "code";
            }

            if (Text != other.Text)
            {
                yield return "output";
            }

            if (Errors != other.Errors)
            {
                yield return "errors";
            }
        }

        public override string ToString() => $"exit {Code}\n{Text}{Errors}";
    }
}
