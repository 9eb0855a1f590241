// SPDX-License-Identifier: Apache-2.0

using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FiveSpot.ApiServer.Http;

/// <summary>Hands requests of this process to the server as they are: no socket, no TLS, no frames.</summary>
internal sealed class InProcessHandler(RequestDelegate server) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var exchange = new InProcessExchange();
        var context = new DefaultHttpContext(await FeaturesAsync(request, exchange, cancellationToken));
        exchange.Run(server, context);
        using (cancellationToken.UnsafeRegister(static exchange => ((InProcessExchange)exchange!).Abort(), exchange))
        {
            try
            {
                await exchange.Began;
            }
            catch (IOException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
        }

        return ToMessage(context.Response, exchange, request);
    }

    private static async Task<FeatureCollection> FeaturesAsync(HttpRequestMessage request, InProcessExchange exchange, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!;
        var received = new HttpRequestFeature
        {
            Protocol = "HTTP/2",
            Method = request.Method.Method,
            Scheme = uri.Scheme,
            Path = Uri.UnescapeDataString(uri.AbsolutePath),
            QueryString = uri.Query,
        };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            received.Headers[name] = values.ToString();
        }

        if (request.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
            {
                received.Headers[name] = values.ToString();
            }

            received.Body = new MemoryStream(await content.ReadAsByteArrayAsync(cancellationToken), writable: false);
        }

        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(received);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(exchange);
        features.Set<IHttpRequestLifetimeFeature>(exchange);
        return features;
    }

    private static HttpResponseMessage ToMessage(HttpResponse response, InProcessExchange exchange, HttpRequestMessage request)
    {
        var message = new HttpResponseMessage((HttpStatusCode)response.StatusCode) { RequestMessage = request, Version = HttpVersion.Version20, Content = new StreamContent(exchange.Body) };
        foreach (var (name, values) in response.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        return message;
    }
}
