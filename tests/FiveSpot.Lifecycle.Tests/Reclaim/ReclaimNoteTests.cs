// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle.Tests.Reclaim;

public sealed class ReclaimNoteTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_noted_is_read_again()
    {
        var note = ReclaimNote.Of(Machine()).With(new ReclaimRequest("process-match: java", "then"), Noon.AddMilliseconds(7));
        var read = ReclaimNote.Of(Machine(note.Annotations()));

        read.Reason.ShouldBe("process-match: java");
        read.RequestedAt.ShouldBe("then");
        read.Times.ShouldBe([Noon]);
        read.Began.ShouldBe(Noon);
        read.Answers(new ReclaimRequest("whatever", "then")).ShouldBeTrue();
        read.Answers(new ReclaimRequest("process-match: java", "later")).ShouldBeFalse();
    }

    [Theory]
    [InlineData(new[] { 0, 5, 10 }, true)]
    [InlineData(new[] { 0, 5, 11 }, false)]
    [InlineData(new[] { 0, 9 }, false)]
    [InlineData(new[] { 0, 8, 12, 17 }, true)]
    public void Three_within_ten_minutes_are_rapid(int[] minutes, bool isRapid)
    {
        var note = ReclaimNote.Of(Machine());
        foreach (var minute in minutes)
        {
            note = note.With(new ReclaimRequest("r", $"{minute}"), Noon.AddMinutes(minute));
        }

        note.IsRapid.ShouldBe(isRapid);
        note.Times.Length.ShouldBeLessThanOrEqualTo(4, "what is too old to matter is not kept");
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday 2026-01-05T12:00:00Z 2026-13-01T00:00:00Z")]
    public void What_somebody_else_wrote_there_is_passed_over(string times)
    {
        var note = ReclaimNote.Of(Machine([new(WellKnown.ReclaimsAnnotation, times)]));

        note.Times.ShouldBe(times.Length == 0 ? [] : [Noon]);
        note.Reason.ShouldBeNull();
    }

    [Fact]
    public void A_clock_that_was_ahead_leaves_no_times_of_the_future()
    {
        var ahead = ReclaimNote.Of(Machine()).With(new ReclaimRequest("r", "1"), Noon.AddHours(1));

        ahead.With(new ReclaimRequest("r", "2"), Noon).Times.ShouldBe([Noon]);
    }

    [Fact]
    public void A_request_is_one_bounded_line()
    {
        var node = new Workload.Node
        {
            Metadata = new ObjectMetadata
            {
                Annotations = new Dictionary<string, string>
                {
                    [WellKnown.ReclaimRequestedAnnotation] = "true",
                    [WellKnown.ReclaimReasonAnnotation] = "a\nb\u001b[31m" + new string('x', 5000),
                },
            },
        };

        var request = ReclaimRequest.Of(node)!;
        request.Reason.ShouldStartWith("a b [31mxxx");
        request.Reason.Length.ShouldBeLessThan(310);
        request.RequestedAt.ShouldBe("");
    }

    [Fact]
    public void The_agents_document_escapes_what_would_end_a_string() =>
        ReclaimToml.Of(["java", "a\"b\\c\nd", "größe"]).ShouldBe("""
            match_commands = ["java", "a\"b\\c\u000Ad", "größe"]
            match_argv_substrings = []
            poll_interval_ms = 250

            """);

    [Fact]
    public void Only_what_is_asked_for_by_argv_is_looked_for_within_command_lines() =>
        ReclaimToml.Of(["java", "argv:-jar idea.jar", "Argv:x", "argv", "argv: \"y\"", "x argv:z"]).ShouldBe("""
            match_commands = ["java", "Argv:x", "argv", "x argv:z"]
            match_argv_substrings = ["-jar idea.jar", " \"y\""]
            poll_interval_ms = 250

            """);

    private static ScheduledMachine Machine(IEnumerable<KeyValuePair<string, string?>>? annotations = null) => new()
    {
        Metadata = new ObjectMetadata { Annotations = (annotations ?? []).ToDictionary(pair => pair.Key, pair => pair.Value!) },
    };
}
