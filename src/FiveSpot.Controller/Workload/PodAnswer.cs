// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>What came of asking for a Pod's eviction, or for its deletion.</summary>
/// <param name="Kind">What it comes to.</param>
/// <param name="Trouble">Why the Pod does not go now, in words that follow its name; null where it does.</param>
/// <param name="HeldBy">What is against it, where that may be against others too: a budget, by namespace and name, or a namespace that is
/// being deleted.</param>
/// <param name="RetryAfter">How long the server wants to be left alone; null if it did not say.</param>
public sealed record PodAnswer(PodAnswerKind Kind, string? Trouble = null, string? HeldBy = null, TimeSpan? RetryAfter = null)
{
    // The server names the budget in this sentence, and nowhere else:
    // "The disruption budget web needs 4 healthy pods and has 4 currently".
    private const string Sentence = "The disruption budget ";

    /// <summary>It goes, or is gone.</summary>
    public static PodAnswer Accepted { get; } = new(PodAnswerKind.Accepted);

    /// <summary>Its eviction was refused.</summary>
    public static PodAnswer OfEviction(Pod pod, Exception refusal)
    {
        if (refusal is ApiException { IsForbidden: true } forbidden && forbidden.Causes.Any(static cause => cause.Reason == "NamespaceTerminating"))
        {
            // Nothing is made there any more, evictions included; its Pods are about to be told to end.
            return new PodAnswer(PodAnswerKind.NotNow, "is in a namespace that is being deleted", pod.Metadata.Namespace);
        }

        // From the server itself, or from an admission webhook: this Pod may not go now. In any other form it is an overload.
        if (refusal is not ApiException { IsTooManyRequests: true, Reason: "TooManyRequests" } notNow)
        {
            return IsGone(refusal) ? Accepted : Failed(refusal, "evicted");
        }

        var cause = notNow.Causes.FirstOrDefault(static cause => cause.Reason == "DisruptionBudget");
        var budget = cause is not null && cause.Message.StartsWith(Sentence, StringComparison.Ordinal)
            && cause.Message[Sentence.Length..].Split(' ')[0] is { Length: > 0 } name ? name : null;
        var trouble = budget is not null ? $"blocked by budget {budget}"
            : cause is not null ? $"blocked by a budget: {cause.Message}"
            : $"can't be evicted: {notNow.Message}";
        return new PodAnswer(PodAnswerKind.NotNow, trouble, budget is null ? null : $"{pod.Metadata.Namespace}/{budget}", notNow.RetryAfter);
    }

    /// <summary>Its deletion was refused.</summary>
    public static PodAnswer OfDeletion(Exception refusal) => IsGone(refusal) ? Accepted : Failed(refusal, "deleted");

    // Or another one has its name. Only Kubernetes says so: a page of something in front of it is a failure like any other.
    private static bool IsGone(Exception refusal) =>
        refusal is ApiException { IsNotFound: true } or ApiException { IsConflict: true, Reason: "Conflict" };

    private static PodAnswer Failed(Exception refusal, string what) =>
        new(PodAnswerKind.Failed, $"can't be {what}: {refusal.Message}", RetryAfter: (refusal as ApiException)?.RetryAfter);
}
