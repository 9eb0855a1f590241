// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Patching;

/// <summary>A patch that can't be applied, with what kube-apiserver puts in the <c>Status</c> it answers.</summary>
public class PatchException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">HTTP status code.</param>
    /// <param name="reason">The machine-readable reason; empty where kube-apiserver gives none.</param>
    /// <param name="message">The message that kube-apiserver gives.</param>
    /// <param name="detail">What exactly was wrong, where <paramref name="message"/> doesn't say it.</param>
    public PatchException(int code, string reason, string message, string? detail = null)
        : base(message)
    {
        Code = code;
        Reason = reason;
        Detail = detail;
    }

    /// <summary>HTTP status code: 400, 409, 413, 422, or 500 where kube-apiserver has no better one.</summary>
    public int Code { get; }

    /// <summary><c>BadRequest</c>, <c>Conflict</c>, <c>Invalid</c>, …; empty for most of the errors with code 500.</summary>
    public string Reason { get; }

    /// <summary>What exactly was wrong, for a log; null when <see cref="Exception.Message"/> says it all.</summary>
    public string? Detail { get; }

    internal static PatchException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>A well-formed patch that doesn't fit the object; kube-apiserver keeps the detail to itself.</summary>
    internal static PatchException Unprocessable(string detail) =>
        new(422, "Invalid", "the server rejected our request due to an error in our request", detail);

    /// <summary>An error for which kube-apiserver has no API status: code 500 and its words.</summary>
    internal static PatchException Internal(string message) => new(500, "", message);
}
