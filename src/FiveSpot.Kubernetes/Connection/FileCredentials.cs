// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;

namespace FiveSpot.Kubernetes;

/// <summary>A bearer token in a file that somebody (the kubelet) replaces before it expires.</summary>
internal sealed class FileCredentials(string path, TimeProvider time) : Credentials
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1);
    private volatile Reading? _last;

    public override ValueTask<AuthenticationHeaderValue> GetAsync(
        AuthenticationHeaderValue? rejected, CancellationToken cancellationToken)
    {
        var last = _last;
        return last is not null && !last.Value.Equals(rejected) && time.GetElapsedTime(last.ReadAt) < ReadAgainAfter
            ? ValueTask.FromResult(last.Value)
            : ReadAsync(last, cancellationToken);
    }

    private async ValueTask<AuthenticationHeaderValue> ReadAsync(Reading? last, CancellationToken cancellationToken)
    {
        string token;
        try
        {
            token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // While the file is being replaced the token that we have is still good.
            return last?.Value
                ?? throw new ClusterConnectionException($"The token file {path} can't be read: {e.Message.TrimEnd('.')}", e);
        }

        if (token.Length == 0)
        {
            return last?.Value ?? throw new ClusterConnectionException($"The token file {path} is empty.");
        }

        var value = last?.Value.Parameter == token ? last.Value : new AuthenticationHeaderValue("Bearer", token);
        _last = new Reading(value, time.GetTimestamp());
        return value;
    }

    private sealed record Reading(AuthenticationHeaderValue Value, long ReadAt);
}
