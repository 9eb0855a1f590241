// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>That the images have what the executables need, and say what they have.</summary>
public sealed partial class ImageTests
{
    // What a container runtime does: all of the root is read-only, and the kernel's own file systems are in it.
    private const string Contain = """
        set -e
        root=$1; user=$2; shift 2
        mount --bind "$root" "$root"
        mount -o remount,ro,bind "$root"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec env -i METRICS_PORT=0 "$(command -v chroot)" --userspec="$user" "$root" "$@"
        """;

    private static readonly string Dockerfile = File.ReadAllText(Repository.PathOf("Dockerfile"));

    [Fact]
    public async Task The_controller_runs_in_its_image_as_nobody_and_without_a_place_to_write()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer);
        await RunsAsync("5spot", "controller", cluster.ControllerKubeconfig, port => ["--health-port", port]);
    }

    [Fact]
    public async Task The_reclaim_agent_runs_in_its_image_without_a_place_to_write()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer, Definitions.None);
        await RunsAsync("5spot-reclaim-agent", "agent", cluster.AgentKubeconfig, port =>
            ["--node-name", "pc-1", "--machine-id-path", "/etc/passwd", "--metrics-port", port]);
    }

    [Theory]
    [InlineData("5spot", "FiveSpot.Controller")]
    [InlineData("5spot-reclaim-agent", "FiveSpot.ReclaimAgent")]
    public void Its_bill_of_materials_names_each_package_that_was_resolved_and_the_runtime(string executable, string project)
    {
        var file = Repository.PathOf($"artifacts/sbom/{executable}.json");
        Assert.SkipUnless(File.Exists(file), "The native executables are not there: make publish.");

        var bill = Read(file);
        ((string?)bill["bomFormat"], (string?)bill["metadata"]!["component"]!["name"]).ShouldBe(("CycloneDX", executable));
        var named = bill["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!, component => (string)component!["version"]!);
        var locked = Read(Repository.PathOf($"src/{project}/packages.lock.json"))["dependencies"]!.AsObject()
            .SelectMany(framework => framework.Value!.AsObject())
            .Where(package => (string)package.Value!["type"]! != "Project")
            .Select(package => (package.Key, Version: (string)package.Value!["resolved"]!))
            .ToList();
        locked.ShouldNotBeEmpty();
        locked.ShouldAllBe(package => named.GetValueOrDefault(package.Key) == package.Version);
        named.Keys.ShouldContain("Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64");

        // Whoever has the file can tell whether it is the one of this executable, and whether a package is the one that was fetched.
        ((string)bill["serialNumber"]!).ShouldMatch("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
        ((string)bill["metadata"]!["component"]!["hashes"]![0]!["content"]!).ShouldBe(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Repository.PathOf($"artifacts/{executable}/{executable}")))));
        bill["components"]!.AsArray().ShouldAllBe(component => ((string)component!["hashes"]![0]!["content"]!).Length == 128);

        // What only helps to build, and what nothing is taken from, is told from what is in it.
        var leftOut = bill["components"]!.AsArray().Where(component => (string?)component!["scope"] == "excluded").Select(component => (string)component!["name"]!).ToList();
        ((string[])["Meziantou.Analyzer", "Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.NET.ILLink.Tasks", "Roslynator.Analyzers", "Microsoft.DotNet.ILCompiler", "Microsoft.NETCore.App.Runtime.linux-x64", "Microsoft.AspNetCore.App.Runtime.linux-x64"])
            .ShouldBeSubsetOf(leftOut);
        leftOut.ShouldNotContain(name => name == "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64" || name == "System.CommandLine" || name == "YamlDotNet");
    }

    [Fact]
    public void No_image_comes_from_a_place_that_is_written_down_here()
    {
        // The first part of a name with a dot or a colon in it is a host.
        FromOrDefault().Matches(Dockerfile).Select(match => match.Groups[1].Value)
            .ShouldBe(["dotnet/sdk:10.0", "${SDK}", "scratch", "scratch"]);
    }

    private static async Task RunsAsync(string executable, string target, string kubeconfig, Func<string, string[]> arguments)
    {
        Assert.SkipUnless(File.Exists(Repository.PathOf($"artifacts/{executable}/{executable}")), "The native executables are not there: make publish.");
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess && await SucceedsAsync("unshare", "--mount", "true"), "Only root can play a container runtime.");
        using var folder = new TemporaryFolder();
        var root = folder.PathOf("root");
        (await SucceedsAsync(Repository.PathOf("eng/image-root.sh"), executable, root)).ShouldBeTrue();
        await File.WriteAllTextAsync(Path.Combine(root, "kubeconfig"), kubeconfig);
        var port = Loopback.FreePort().ToString(CultureInfo.InvariantCulture);

        // Where and as whom is what the Dockerfile says.
        var (user, entry) = StageOf(target);
        using var http = new HttpClient();
        await using var process = GuardedProcess.Start(
            "unshare", folder.PathOf("."), ["--mount", "bash", "-c", Contain, "contain", root, user, entry, "--kubeconfig", "/kubeconfig", .. arguments(port)]);
        await Wait.UntilAsync(
            $"{executable} is ready",
            async () =>
            {
                process.HasExited.ShouldBeFalse(process.LastWords());
                try
                {
                    using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/readyz"));
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            () => Task.FromResult(process.LastWords()));
    }

    private static (string User, string Entry) StageOf(string target)
    {
        var stage = Regex.Match(Dockerfile, $"^FROM scratch AS {target}\n(.*?)(?=^FROM |\\z)", RegexOptions.Singleline | RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Value;
        stage.ShouldContain($"COPY --from=build /images/{target}/ /\n");
        return (UserLine().Match(stage).Groups[1].Value, EntryLine().Match(stage).Groups[1].Value);
    }

    private static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync().WaitAsync(2 * Wait.Deadline, TimeProvider.System);
        return process.ExitCode == 0;
    }

    private static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();

    [GeneratedRegex(@"^(?:FROM|ARG SDK=) ?(\S+)", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FromOrDefault();

    [GeneratedRegex("^USER (.*)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UserLine();

    [GeneratedRegex("""^ENTRYPOINT \["(.*)"\]$""", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EntryLine();
}
