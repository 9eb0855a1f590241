// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>Has the server judge every write, and keep none.</summary>
internal sealed class DryRun(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != HttpMethod.Get)
        {
            var asked = new UriBuilder(request.RequestUri!);
            asked.Query = asked.Query.Length == 0 ? "dryRun=All" : $"{asked.Query}&dryRun=All";
            request.RequestUri = asked.Uri;
        }

        return base.SendAsync(request, cancellationToken);
    }
}
