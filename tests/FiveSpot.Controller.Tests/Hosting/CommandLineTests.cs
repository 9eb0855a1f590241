// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Tests.Hosting;

/// <summary>What <c>5spot</c> says to flags and variables that are no good: a sentence, and exit code 2.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--log-format", "xml")]
    [InlineData("--health-port", "70000")]
    [InlineData("--bind-address", "here")]
    [InlineData("--bind-address", "8080")]
    [InlineData("--bind-address", "127.1")]
    [InlineData("--bind-address", "[::1]")]
    [InlineData("--bind-address", "[::1]:8080")]
    [InlineData("--bind-address", "10.0.0.1:8080")]
    [InlineData("--bind-address", "0.0.0.0/0")]
    [InlineData("--bind-address", "::g")]
    [InlineData("--concurrent-evictions", "0")]
    [InlineData("--concurrent-evictions", "1001")]
    [InlineData("--workload-watch-objects", "99")]
    [InlineData("--workload-cluster-objects", "many")]
    [InlineData("--workload-cluster-mebibytes", "0")]
    [InlineData("--workload-total-mebibytes", "65537")]
    [InlineData("--allow-kubeconfig-proxy-url", "perhaps")]
    [InlineData("--metrics-port", "65536")]
    [InlineData("--lease-duration", "0")]
    [InlineData("--lease-duration", "10")]
    [InlineData("--lease-renew-deadline", "15")]
    [InlineData("--lease-renew-deadline", "2")]
    [InlineData("--lease-retry-period", "1.5")]
    [InlineData("--lease-name", "No_Name")]
    [InlineData("--lease-namespace", "")]
    [InlineData("--instance-id", "1")]
    [InlineData("--instance-count", "0")]
    [InlineData("--instance-count", "101")]
    [InlineData("--enable-leader-election", "perhaps")]
    [InlineData("--no-such-flag", "1")]
    [InlineData("--kubeconfig", "/nowhere/kubeconfig")]
    public async Task A_bad_flag_is_bad_configuration(string flag, string value) =>
        (await CommandLine.InvokeAsync([flag, value], static _ => null)).ShouldBe(ExitCode.BadConfiguration);

    [Theory]
    [InlineData("HEALTH_PORT", "many")]
    [InlineData("LOG_FORMAT", "xml")]
    [InlineData("METRICS_PORT", "-1")]
    [InlineData("ENABLE_LEADER_ELECTION", "yes")]
    [InlineData("LEASE_NAME", "a b")]
    [InlineData("POD_NAMESPACE", "-")]
    [InlineData("LEASE_DURATION_SECONDS", "9")]
    [InlineData("LEASE_RENEW_DEADLINE_SECONDS", "1")]
    [InlineData("LEASE_RETRY_PERIOD_SECONDS", "two")]
    [InlineData("OPERATOR_INSTANCE_ID", "1")]
    [InlineData("OPERATOR_INSTANCE_COUNT", "none")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "here")]
    [InlineData("CONCURRENT_EVICTIONS", "-1")]
    [InlineData("WORKLOAD_WATCH_OBJECTS", "-1")]
    [InlineData("WORKLOAD_CLUSTER_OBJECTS", "10000001")]
    [InlineData("WORKLOAD_CLUSTER_MEBIBYTES", "1.5")]
    [InlineData("WORKLOAD_TOTAL_MEBIBYTES", "none")]
    [InlineData("FORCE_FINALIZER_ON_TIMEOUT", "perhaps")]
    [InlineData("ALLOW_KUBECONFIG_PROXY_URL", "perhaps")]
    [InlineData("ALLOW_KUBECONFIG_INSECURE_SKIP_TLS_VERIFY", "1")]
    public async Task A_bad_variable_is_bad_configuration(string variable, string value) =>
        (await CommandLine.InvokeAsync(["--kubeconfig", "/nowhere/kubeconfig"], name => name == variable ? value : null))
            .ShouldBe(ExitCode.BadConfiguration);

    [Theory]
    [InlineData("crd")]
    [InlineData("--version")]
    [InlineData("--help")]
    public async Task What_only_prints_ends_clean(string arg) =>
        (await CommandLine.InvokeAsync([arg], static _ => null)).ShouldBe(ExitCode.Clean);
}
