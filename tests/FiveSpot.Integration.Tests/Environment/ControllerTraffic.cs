// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What passes between the controller and its API server: a log of it, and a place to disturb it.</summary>
internal sealed class ControllerTraffic(TimeProvider clock)
{
    // One for all, so that what several processes did has an order.
    private static int _moments;

    private readonly ConcurrentQueue<Call> _calls = new();

    /// <summary>At which side of the server a call is.</summary>
    public enum Stage
    {
        /// <summary>Not sent yet.</summary>
        Before,

        /// <summary>Answered; the controller does not know yet.</summary>
        After,
    }

    /// <summary>What goes wrong with a call: null for nothing. Asked twice for each, once a stage.</summary>
    public Func<Call, Stage, Fault?>? Disturb { get; set; }

    /// <summary>All that was asked for, in order.</summary>
    public IReadOnlyList<Call> Calls => [.. _calls];

    public HttpMessageHandler Watch(HttpMessageHandler inner) => new Handler(this, inner);

    /// <summary>One request of the controller.</summary>
    internal sealed record Call(string Verb, string Path, DateTimeOffset At)
    {
        /// <summary>What follows the path, with its question mark; empty for nothing.</summary>
        public string Query { get; init; } = "";

        /// <summary>Which server was asked: address and port.</summary>
        public string Server { get; init; } = "";

        /// <summary>When it was handed on to the server, in the order of all that went to servers and came from them; 0 if it
        /// never was.</summary>
        public int Left { get; set; }

        /// <summary>When its answer came, in the same order; 0 if none did.</summary>
        public int Answered { get; set; }

        /// <summary>What the server answered; null if it never did.</summary>
        public HttpStatusCode? Answer { get; set; }

        /// <summary>Whether there is an answer, or never will be one; of a watch, whether it has begun.</summary>
        public bool IsOver { get; set; }

        /// <summary>What was sent; empty for nothing.</summary>
        public string Body { get; init; } = "";

        /// <summary>Whether the server is only asked what it would do.</summary>
        public bool IsDryRun => Query.Contains("dryRun=All", StringComparison.Ordinal);

        /// <summary>Whether it changes something other than events, which follow in their own time.</summary>
        public bool IsWrite => Verb != "get" && !IsDryRun && !Path.Contains("/events", StringComparison.Ordinal) && !Path.Contains("/authorization.k8s.io/", StringComparison.Ordinal);
    }

    /// <summary>An answer that the server did not give; without a code, the connection breaks.</summary>
    internal sealed record Fault(int? Code = null, string Reason = "", string Message = "")
    {
        public static readonly Fault Abort = new();

        /// <summary>Nobody answers: the call waits until whoever made it gives it up, by the network's time.</summary>
        public static readonly Fault Hang = new() { IsSilence = true };

        /// <summary>A 404 that is not Kubernetes': of a path that is not served, or of something in between.</summary>
        public static readonly Fault NotServed = new(404) { Body = "404 page not found\n", MediaType = "text/plain" };

        /// <summary>What is answered; null for a Status of the above.</summary>
        public string? Body { get; init; }

        /// <summary>What the answer says that it is.</summary>
        public string MediaType { get; init; } = "application/json";

        /// <summary>Whether there is neither an answer nor an end.</summary>
        public bool IsSilence { get; init; }

        /// <summary>When the server says that it wants to be asked again; null if it does not.</summary>
        public TimeSpan? RetryAfter { get; init; }

        /// <summary>The same as it stands in the header, whatever that is.</summary>
        public string? RetryAfterHeader { get; init; }
    }

    private sealed class Handler(ControllerTraffic traffic, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var verb = request.Method.Method switch
            {
                "GET" => "get",
                "POST" => "create",
                "PUT" => "update",
                var method => method.ToLowerInvariant(),
            };
            var call = new Call(verb, request.RequestUri!.AbsolutePath, traffic.Now)
            {
                Query = request.RequestUri.Query,
                Server = request.RequestUri.Authority,
                Body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken),
            };
            traffic._calls.Enqueue(call);
            try
            {
                if (traffic.Disturb?.Invoke(call, Stage.Before) is { } before)
                {
                    return await AnswerAsync(before, cancellationToken);
                }

                call.Left = Interlocked.Increment(ref _moments);
                var answer = await base.SendAsync(request, cancellationToken);
                call.Answer = answer.StatusCode;
                call.Answered = Interlocked.Increment(ref _moments);
                if (traffic.Disturb?.Invoke(call, Stage.After) is { } after)
                {
                    answer.Dispose();
                    return await AnswerAsync(after, cancellationToken);
                }

                return answer;
            }
            finally
            {
                call.IsOver = true;
            }
        }

        private static async Task<HttpResponseMessage> AnswerAsync(Fault fault, CancellationToken cancellationToken)
        {
            if (fault.IsSilence)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            if (fault.Code is not { } code)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "The scenario broke the connection.");
            }

            var answer = new HttpResponseMessage((HttpStatusCode)code)
            {
                Content = new StringContent(
                    fault.Body ?? $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{fault.Reason}}","message":"{{fault.Message}}"}""",
                    Encoding.UTF8,
                    fault.MediaType),
            };
            answer.Headers.RetryAfter = fault.RetryAfter is { } after ? new RetryConditionHeaderValue(after) : null;
            if (fault.RetryAfterHeader is { } text)
            {
                answer.Headers.TryAddWithoutValidation("Retry-After", text);
            }

            return answer;
        }
    }

    private DateTimeOffset Now => clock.GetUtcNow();
}
