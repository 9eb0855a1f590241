// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Lifecycle;
using FiveSpot.Sandbox.Display;
using Spectre.Console;

namespace FiveSpot.Sandbox.Tests.Display;

public sealed class TableViewTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 10, 30, 0, TimeSpan.Zero);

    private static readonly ScheduledMachine[] Machines =
    [
        Machine("default", "business-hours", "UTC", """{"phase":"Active","ready":true,"nodeRef":{"apiVersion":"v1","kind":"Node","name":"node-7","uid":"7"},"nextTransitionTime":"2026-01-05T18:00:00Z","message":"In its window."}"""),
        Machine("a-very-long-namespace-of-a-team", "with-a-very-long-name-for-a-machine", "America/Argentina/ComodRivadavia", """{"phase":"EmergencyRemove","nextTransitionTime":"2026-01-09T18:00:00Z","message":"A long story about a [machine] that goes on, and on, and on, until it has told all that there is to be told about it, and then some more of that, because nobody stopped it."}"""),
        Machine("default", "new", "UTC", "{}"),
    ];

    [Theory]
    [InlineData(80, 24)]
    [InlineData(140, 40)]
    [InlineData(100, 30)]
    [InlineData(40, 10)]
    public void Every_line_fits_and_the_whole_fits(int width, int height)
    {
        var lines = Draw(width, height);
        lines.ShouldAllBe(line => line.Length <= width);
        lines.Length.ShouldBeLessThanOrEqualTo(Math.Max(height, 11));
    }

    [Fact]
    public void A_wide_terminal_shows_every_column()
    {
        var text = string.Join('\n', Draw(140, 40));
        text.ShouldContain("Monday, 2026-01-05 10:30 UTC  1200 times as fast");
        text.ShouldMatch(@"Name +Schedule +Phase +Ready +Node +Pods +Next +At");
        text.ShouldMatch(@"business-hours +mon-fri 9-17 UTC +Active +✓ +node-7 +17 +in 7h 30m +Mon 18:00 UTC");
        text.ShouldContain("about a [machine] that");
        text.ShouldMatch(@"\n  In its window\.", "its Node has a column");
        text.ShouldContain("Mon 10:29:00 business-hours Pending → Active  In its window.");
    }

    [Fact]
    public void A_narrow_one_keeps_what_matters_and_names_the_node_in_the_message()
    {
        var text = string.Join('\n', Draw(80, 24));
        text.ShouldMatch(@"Name +Schedule +Phase +Ready +Pods +Next");
        text.ShouldMatch(@"business-hours +mon-fri 9-17 UTC +Active +✓ +17 +in 7h 30m");
        text.ShouldContain("Node node-7. In its window.");
        text.ShouldContain("in 4d 7h");
        text.ShouldMatch(@"new +mon-fri 9-17 UTC +– +– +– +–");
    }

    [Theory]
    [InlineData(140)]
    [InlineData(80)]
    public void What_the_owner_runs_comes_before_what_comes_of_it(int width)
    {
        var latest = new Transition(Now, new("default", "business-hours"), "Active", "Active", "Its owner runs java.");
        var text = string.Join('\n', Draw(width, 40, "java", latest));
        text.ShouldMatch(@"\n  Its owner runs java\. (Node node-7\. )?In its window\.");
        text.ShouldContain("Mon 10:30:00 business-hours Active  Its owner runs java.");

        text = string.Join('\n', Draw(width, 40, new string('x', 200)));
        text.ShouldMatch(@"\n  Its owner runs x{29}…\. (Node node-7\. )?In its window\.", "it leaves room for the message");
    }

    [Fact]
    public void A_transition_is_a_line()
    {
        new Transition(Now, new("default", "a"), "Pending", "Active", "In its window.").ToString()
            .ShouldBe("2026-01-05 10:30:00Z default/a Pending → Active  In its window.");
        new Transition(Now, new("default", "a"), "ShuttingDown", "ShuttingDown", "3 of 17 pods left.").ToString()
            .ShouldBe("2026-01-05 10:30:00Z default/a ShuttingDown  3 of 17 pods left.");
        new Transition(Now, new("default", "a"), "Inactive", null, null).ToString().ShouldBe("2026-01-05 10:30:00Z default/a Inactive → (gone)");
    }

    private static string[] Draw(int width, int height, string? programs = null, Transition? latest = null)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        console.Profile.Height = height;
        var recent = Enumerable.Repeat(new Transition(Now.AddMinutes(-1), new("default", "business-hours"), "Pending", "Active", "In its window."), 8).Prepend(latest).OfType<Transition>();
        console.Write(TableView.Render(Machines, new Dictionary<string, int> { ["node-7"] = 17 }, machine => machine.Name == "business-hours" ? programs : null, recent, Now, 1200, width, height));
        return [.. output.ToString().TrimEnd('\n').Split('\n')];
    }

    private static ScheduledMachine Machine(string ns, string name, string zone, string status) => ScheduledMachineReader.Read(Encoding.UTF8.GetBytes($$$$$"""
        {"metadata":{"namespace":"{{{{{ns}}}}}","name":"{{{{{name}}}}}","uid":"{{{{{name}}}}}"},"status":{{{{{status}}}}},
         "spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"timezone":"{{{{{zone}}}}}"},
          "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K","spec":{}},"infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"R","spec":{}}}}
        """));
}
