// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>Why a Pod may not be evicted, in words that follow its name.</summary>
internal static class EvictionRefusal
{
    // The server names the budget in this sentence, and nowhere else:
    // "The disruption budget web needs 4 healthy pods and has 4 currently".
    private const string Sentence = "The disruption budget ";

    public static string Explain(Exception refusal) =>
        refusal is ApiException { IsTooManyRequests: true } blocked
        && blocked.Causes.FirstOrDefault(cause => cause.Reason == "DisruptionBudget") is { } cause
            ? cause.Message.StartsWith(Sentence, StringComparison.Ordinal) && cause.Message[Sentence.Length..].Split(' ')[0] is { Length: > 0 } budget
                ? $"blocked by budget {budget}"
                : $"blocked by a budget: {cause.Message}"
            : $"can't be evicted: {refusal.Message}";
}
