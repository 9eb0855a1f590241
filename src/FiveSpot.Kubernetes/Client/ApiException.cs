// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>The API server was reached and answered with a refusal or an error.</summary>
public sealed class ApiException : Exception
{
    /// <summary>The <see cref="Reason"/> of an answer that no Kubernetes API gives, such as a proxy's HTML page.</summary>
    public const string NotKubernetesReason = "NotKubernetes";

    /// <summary>The <see cref="Reason"/> of an answer that could not be decoded.</summary>
    public const string UndecodableReason = "Undecodable";

    /// <summary>Creates the exception.</summary>
    /// <param name="code">The HTTP status code.</param>
    /// <param name="reason">The Status's reason, such as <c>NotFound</c>; empty if it has none.</param>
    /// <param name="message">One sentence: what was asked, and the server's own words.</param>
    /// <param name="innerException">The cause, where decoding failed.</param>
    public ApiException(int code, string reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Reason = reason;
    }

    /// <summary>The HTTP status code (of an ERROR event in a watch: the code in its Status).</summary>
    public int Code { get; }

    /// <summary>The Status's reason, such as <c>NotFound</c>; empty if it has none.</summary>
    public string Reason { get; }

    /// <summary>How long the server wants to be left alone, or null if it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The server's reasons one by one; never null.</summary>
    public IReadOnlyList<StatusCause> Causes { get; init; } = [];

    /// <summary>404 in the words of a Kubernetes API: the object or the namespace does not exist. Nothing else says so: a path that is
    /// not served, a proxy's page.</summary>
    public bool IsNotFound => Code == 404 && Reason == "NotFound";

    /// <summary>404 without a Status of Kubernetes: nothing is served there, or something else answers in its place. Whether there is
    /// such an object, it does not tell.</summary>
    public bool IsNotServed => Code == 404 && !IsNotFound;

    /// <summary>409 for another reason than <see cref="IsAlreadyExists"/>: a precondition or a field owner is against it.</summary>
    public bool IsConflict => Code == 409 && !IsAlreadyExists;

    /// <summary>409 because an object of that name exists.</summary>
    public bool IsAlreadyExists => Code == 409 && Reason == "AlreadyExists";

    /// <summary>401: the server does not know who asks.</summary>
    public bool IsUnauthorized => Code == 401;

    /// <summary>403: not allowed, by RBAC, quota, or an admission policy.</summary>
    public bool IsForbidden => Code == 403;

    /// <summary>422: the object breaks a rule of its schema or of its kind.</summary>
    public bool IsInvalid => Code == 422;

    /// <summary>410: the resource version or continue token is too old.</summary>
    public bool IsGone => Code == 410;

    /// <summary>429: too many requests; also an eviction that a PodDisruptionBudget forbids for now.</summary>
    public bool IsTooManyRequests => Code == 429;

    /// <summary>Whether the same request may succeed later with nothing changed: 408, 429, 5xx but 501, and what is not served.</summary>
    public bool IsTransient => Code is 408 or 429 or (>= 500 and not 501) || IsNotServed;
}
