// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Hosting;

namespace FiveSpot.ReclaimAgent.Tests.Hosting;

/// <summary>What <c>5spot-reclaim-agent</c> says to flags and variables that are no good: a sentence, and exit code 2.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--detector", "ebpf")]
    [InlineData("--log-format", "xml")]
    [InlineData("--metrics-port", "70000")]
    [InlineData("--metrics-port", "-1")]
    [InlineData("--metrics-address", "here")]
    [InlineData("--metrics-address", "8080")]
    [InlineData("--metrics-address", "127.1")]
    [InlineData("--metrics-address", "[::1]")]
    [InlineData("--metrics-address", "[::1]:8080")]
    [InlineData("--metrics-address", "10.0.0.1:8080")]
    [InlineData("--metrics-address", "0.0.0.0/0")]
    [InlineData("--metrics-address", "::g")]
    [InlineData("--no-such-flag", "1")]
    [InlineData("--kubeconfig", "/nowhere/kubeconfig")]
    public async Task A_bad_flag_is_bad_configuration(string flag, string value) =>
        (await CommandLine.InvokeAsync(["--node-name", "pc-1", flag, value], static _ => null)).ShouldBe(ExitCode.BadConfiguration);

    [Theory]
    [InlineData("DETECTOR", "ebpf")]
    [InlineData("LOG_FORMAT", "xml")]
    [InlineData("METRICS_PORT", "many")]
    [InlineData("METRICS_ADDRESS", "here")]
    [InlineData("NODE_NAME", "")]
    public async Task A_bad_variable_is_bad_configuration(string variable, string value) =>
        (await CommandLine.InvokeAsync([], name => name == variable ? value : name == "NODE_NAME" ? "pc-1" : null)).ShouldBe(ExitCode.BadConfiguration);

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    public async Task What_only_prints_ends_clean(string arg) =>
        (await CommandLine.InvokeAsync([arg], static _ => null)).ShouldBe(ExitCode.Clean);
}
