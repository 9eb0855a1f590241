// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;

namespace FiveSpot.Kubernetes;

/// <summary>Credentials that stand in the configuration itself.</summary>
internal sealed class FixedCredentials(string scheme, string parameter) : Credentials
{
    private readonly AuthenticationHeaderValue _value = new(scheme, parameter);

    public override ValueTask<AuthenticationHeaderValue> GetAsync(
        AuthenticationHeaderValue? rejected, CancellationToken cancellationToken) => ValueTask.FromResult(_value);
}
