// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>Has the server take the administrator's calls for those of somebody else.</summary>
internal sealed class Impersonation(HttpMessageHandler inner, string user) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Add("Impersonate-User", user);
        return base.SendAsync(request, cancellationToken);
    }
}
