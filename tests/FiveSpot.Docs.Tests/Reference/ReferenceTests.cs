// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>What is said of fields, flags, metrics, events and names comes from the code.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void Of_fields_it_is_up_to_date() => Judge("api.md", ApiReference.Render());

    [Fact]
    public void Of_flags_it_is_up_to_date() => Judge("flags.md", FlagsReference.Render());

    [Fact]
    public void Of_metrics_it_is_up_to_date() => Judge("metrics.md", MetricsReference.Render());

    [Fact]
    public void Of_events_and_conditions_it_is_up_to_date() => Judge("events.md", EventsReference.Render());

    [Fact]
    public void Of_names_it_is_up_to_date() => Judge("names.md", NamesReference.Render());

    private static void Judge(string document, string rendered)
    {
        var file = TestFiles.PathOf($"docs/reference/{document}");
        if (Environment.GetEnvironmentVariable("FIVESPOT_UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, rendered);
        }

        var stored = File.Exists(file) ? File.ReadAllText(file) : "";
        (stored == rendered).ShouldBeTrue($"docs/reference/{document} is stale: make docs writes it anew");
    }
}
