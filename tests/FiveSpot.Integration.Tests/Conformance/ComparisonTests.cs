// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>The comparison sees what differs, and is blind only to what must differ.</summary>
public sealed class ComparisonTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":"1"}""", "a")]
    [InlineData("""{"a":null}""", """{}""", "a")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1]}""", "a[1]")]
    [InlineData("""{"a":{"b":"x"}}""", """{"a":{"b":"y"}}""", "a.b")]
    [InlineData("""{"a":{"b":"x"}}""", """{"a":[]}""", "a")]
    [InlineData("""{"metadata":{"uid":"11111111-2222-3333-4444-555555555555"}}""", """{"metadata":{"uid":""}}""", "metadata.uid")]
    [InlineData("""{"metadata":{"creationTimestamp":"2020-01-01T00:00:00Z"}}""", """{"metadata":{"creationTimestamp":"2020-01-01T00:00:01Z"}}""", "metadata.creationTimestamp")]
    [InlineData("""{"metadata":{"name":"a-bcdfg","generateName":"b-"}}""", """{"metadata":{"name":"a-hjklm","generateName":"b-"}}""", "metadata.name")]
    public void A_difference_is_found_where_it_is(string one, string other, string path) =>
        Differences(one, other).ShouldHaveSingleItem().Path.ShouldBe(path);

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""")]
    [InlineData("""{"metadata":{"uid":"11111111-2222-3333-4444-555555555555"}}""", """{"metadata":{"uid":"11111111-2222-3333-4444-666666666666"}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"3","continue":"a"}}""", """{"metadata":{"resourceVersion":"400","continue":"b"}}""")]
    [InlineData("""{"metadata":{"name":"a-bcdfg","generateName":"a-"}}""", """{"metadata":{"name":"a-hjklm","generateName":"a-"}}""")]
    public void What_no_two_servers_have_alike_is_no_difference(string one, string other) => Differences(one, other).ShouldBeEmpty();

    [Fact]
    public void A_recent_time_is_like_another()
    {
        var now = TimeProvider.System.GetUtcNow();
        Differences(Created(now), Created(now.AddSeconds(-5))).ShouldBeEmpty();
        Differences(Created(now), Created(now.AddHours(-5))).ShouldHaveSingleItem();

        static string Created(DateTimeOffset time) => $$"""{"creationTimestamp":"{{time:yyyy-MM-ddTHH:mm:ssZ}}"}""";
    }

    [Fact]
    public void Whether_an_update_changed_anything_is_seen()
    {
        var (one, other) = (new Normalizer(), new Normalizer());
        Comparison.Compare(one.Normalize(Version("7")), other.Normalize(Version("70"))).ShouldBeEmpty();
        Comparison.Compare(one.Normalize(Version("7")), other.Normalize(Version("71"))).ShouldHaveSingleItem().Path.ShouldBe("metadata.resourceVersion");

        static JsonNode? Version(string version) =>
            JsonNode.Parse($$"""{"metadata":{"uid":"11111111-2222-3333-4444-555555555555","resourceVersion":"{{version}}"} }""");
    }

    [Theory]
    [InlineData("body.message", "body.message", true)]
    [InlineData("body.details", "body.details.causes[0].message", true)]
    [InlineData("body.items[*].spec", "body.items[3].spec.x", true)]
    [InlineData("body.message", "body.messages", false)]
    [InlineData("body.message", "body.details", false)]
    public void An_allowance_covers_its_path_and_what_is_below(string allowed, string path, bool covered) =>
        new Allowance("x", [allowed], AllowanceScope.All).Covering(path).Any().ShouldBe(covered);

    private static IReadOnlyList<Comparison.Difference> Differences(string one, string other) =>
        Comparison.Compare(new Normalizer().Normalize(JsonNode.Parse(one)), new Normalizer().Normalize(JsonNode.Parse(other)));
}
