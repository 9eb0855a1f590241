// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>What an injected fault does to a request. To delay one, wait inside of the injector.</summary>
public sealed record RequestFault
{
    private RequestFault()
    {
    }

    /// <summary>Cuts the connection with no answer.</summary>
    public static RequestFault Abort { get; } = new() { IsAbort = true };

    /// <summary>What lists and watches are told while the server reads in the objects of a kind.</summary>
    public static RequestFault StorageInitializing { get; } = Fail(429, "TooManyRequests", Refusal.InitializingMessage, 1);

    /// <summary>Whether the connection is cut.</summary>
    public bool IsAbort { get; private init; }

    /// <summary>The HTTP status of the answer.</summary>
    public int Status { get; private init; }

    /// <summary>The <c>reason</c> of the answer's Status object.</summary>
    public string Reason { get; private init; } = string.Empty;

    /// <summary>The <c>message</c> of the answer's Status object.</summary>
    public string Message { get; private init; } = string.Empty;

    /// <summary>Seconds for <c>Retry-After</c>; null for none.</summary>
    public int? RetryAfterSeconds { get; private init; }

    /// <summary>Answers with an error in place of the real answer.</summary>
    /// <param name="status">400 to 599.</param>
    /// <param name="reason">Such as <c>InternalError</c>, <c>TooManyRequests</c>, <c>Conflict</c>.</param>
    /// <param name="message">For people.</param>
    /// <param name="retryAfterSeconds">Seconds for <c>Retry-After</c>.</param>
    public static RequestFault Fail(int status, string reason, string message, int? retryAfterSeconds = null) =>
        new() { Status = status, Reason = reason, Message = message, RetryAfterSeconds = retryAfterSeconds };
}
