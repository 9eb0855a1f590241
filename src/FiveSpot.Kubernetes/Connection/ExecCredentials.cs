// SPDX-License-Identifier: Apache-2.0

using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>A bearer token from a credential plugin (client.authentication.k8s.io), kept until it expires.</summary>
#pragma warning disable CA1001 // A SemaphoreSlim whose wait handle nobody asks for holds nothing to dispose of.
internal sealed class ExecCredentials(ExecPlugin plugin, TimeProvider time) : Credentials
#pragma warning restore CA1001
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RenewBeforeExpiry = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1);
    private volatile Token? _last;

    public override async ValueTask<AuthenticationHeaderValue> GetAsync(
        AuthenticationHeaderValue? rejected, CancellationToken cancellationToken)
    {
        if (Usable(rejected) is { } held)
        {
            return held;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (Usable(rejected) is { } fresh)
            {
                return fresh;
            }

            var token = await RunAsync(cancellationToken);
            _last = token;
            return token.Value;
        }
        finally
        {
            _one.Release();
        }
    }

    private AuthenticationHeaderValue? Usable(AuthenticationHeaderValue? rejected) =>
        _last is { } last && !last.Value.Equals(rejected) && (last.Expires is not { } at || time.GetUtcNow() < at - RenewBeforeExpiry)
            ? last.Value
            : null;

    private async Task<Token> RunAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(plugin.Command, plugin.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in plugin.Variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = Request();

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var process = Process.Start(start)
                ?? throw new ClusterConnectionException($"The credential plugin {plugin.Command} did not start.");
            try
            {
                process.StandardInput.Close();
                var errors = process.StandardError.ReadToEndAsync(either.Token);
                var output = await process.StandardOutput.ReadToEndAsync(either.Token);
                await process.WaitForExitAsync(either.Token);
                return process.ExitCode == 0
                    ? Answer(output)
                    : throw new ClusterConnectionException(
                        $"The credential plugin {plugin.Command} ended with {process.ExitCode}: {(await errors).Trim()}");
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ClusterConnectionException(
                $"The credential plugin {plugin.Command} gave no answer within {Deadline.TotalSeconds} s.");
        }
        catch (Exception e) when (e is Win32Exception or JsonException or InvalidOperationException or FormatException)
        {
            throw new ClusterConnectionException($"The credential plugin {plugin.Command} failed: {e.Message}", e);
        }
    }

    private string Request()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", plugin.ApiVersion);
            json.WriteString("kind", "ExecCredential");
            json.WriteStartObject("spec");
            json.WriteBoolean("interactive", false);
            if (plugin.ClusterServer is not null)
            {
                json.WriteStartObject("cluster");
                json.WriteString("server", plugin.ClusterServer);
                if (plugin.ClusterAuthorityData is not null)
                {
                    json.WriteString("certificate-authority-data", plugin.ClusterAuthorityData);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private Token Answer(string output)
    {
        using var document = JsonDocument.Parse(output);
        if (!document.RootElement.TryGetProperty("status", out var status)
            || !status.TryGetProperty("token", out var token) || token.GetString() is not { Length: > 0 } text)
        {
            throw new ClusterConnectionException(
                $"The credential plugin {plugin.Command} gave no token (client certificates from plugins are not supported).");
        }

        DateTimeOffset? expires = status.TryGetProperty("expirationTimestamp", out var at)
            && at.ValueKind == JsonValueKind.String
            ? at.GetDateTimeOffset()
            : null;
        return new Token(new AuthenticationHeaderValue("Bearer", text), expires);
    }

    private sealed record Token(AuthenticationHeaderValue Value, DateTimeOffset? Expires);
}
