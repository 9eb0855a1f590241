// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>What the answers to an eviction come to, of Kubernetes and of what stands in front of it.</summary>
public sealed class PodAnswerTests
{
    private static readonly Pod Web = new() { Metadata = new ObjectMetadata { Name = "web-1", Namespace = "team", Uid = "1" } };

    [Theory]
    [InlineData(404, "NotFound", PodAnswerKind.Accepted)]
    [InlineData(409, "Conflict", PodAnswerKind.Accepted)]
    [InlineData(429, "TooManyRequests", PodAnswerKind.NotNow)]
    [InlineData(429, "", PodAnswerKind.Failed)]
    [InlineData(404, "", PodAnswerKind.Failed)]
    [InlineData(404, ApiException.NotKubernetesReason, PodAnswerKind.Failed)]
    [InlineData(409, ApiException.NotKubernetesReason, PodAnswerKind.Failed)]
    [InlineData(403, "Forbidden", PodAnswerKind.Failed)]
    [InlineData(500, "InternalError", PodAnswerKind.Failed)]
    [InlineData(501, "", PodAnswerKind.Failed)]
    public void Of_an_eviction(int code, string reason, PodAnswerKind kind)
    {
        var answer = PodAnswer.OfEviction(Web, new ApiException(code, reason, "no") { RetryAfter = TimeSpan.FromSeconds(10) });
        answer.Kind.ShouldBe(kind);
        answer.Trouble.ShouldBe(kind is PodAnswerKind.Accepted ? null : "can't be evicted: no");
        answer.RetryAfter.ShouldBe(kind is PodAnswerKind.Accepted ? null : TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(404, "NotFound", PodAnswerKind.Accepted)]
    [InlineData(409, "Conflict", PodAnswerKind.Accepted)]
    [InlineData(404, "", PodAnswerKind.Failed)]
    [InlineData(429, "TooManyRequests", PodAnswerKind.Failed)]
    [InlineData(500, "InternalError", PodAnswerKind.Failed)]
    public void Of_a_deletion(int code, string reason, PodAnswerKind kind) =>
        PodAnswer.OfDeletion(new ApiException(code, reason, "no")).Kind.ShouldBe(kind);

    [Fact]
    public void No_answer_at_all_is_a_failure() =>
        PodAnswer.OfEviction(Web, new ApiUnreachableException(TransportFailure.TimedOut, "no answer")).Kind.ShouldBe(PodAnswerKind.Failed);

    [Fact]
    public void A_namespace_that_is_being_deleted_is_no_failure_of_the_server()
    {
        var answer = PodAnswer.OfEviction(Web, new ApiException(403, "Forbidden", "no") { Causes = [new StatusCause("", "NamespaceTerminating", "namespace team is being terminated")] });
        (answer.Kind, answer.Trouble, answer.HeldBy).ShouldBe((PodAnswerKind.NotNow, "is in a namespace that is being deleted", "team"));
    }

    [Theory]
    [InlineData("The disruption budget web needs 4 healthy pods and has 4 currently", "blocked by budget web", "team/web")]
    [InlineData("The disruption budget web is still being processed by the server.", "blocked by budget web", "team/web")]
    [InlineData("Something else is against it", "blocked by a budget: Something else is against it", null)]
    public void A_budget_is_named_where_the_server_does(string cause, string trouble, string? budget)
    {
        var answer = PodAnswer.OfEviction(Web, new ApiException(429, "TooManyRequests", "no") { Causes = [new StatusCause("", "DisruptionBudget", cause)] });
        (answer.Kind, answer.Trouble, answer.HeldBy).ShouldBe((PodAnswerKind.NotNow, trouble, budget));
    }
}
