// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;

namespace FiveSpot.Kubernetes.Tests;

public sealed class ObjectMetadataTests
{
    private static PartialObject Decode(string json) => PartialObject.Decode(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Reads_what_controllers_read_and_skips_the_rest()
    {
        var metadata = Decode(
            """
            {"spec":{"metadata":{"name":"decoy"}},"metadata":{
              "name":"n","namespace":"ns","uid":"u","resourceVersion":"7","generation":3,
              "creationTimestamp":"2026-01-05T07:00:00Z","deletionTimestamp":"2026-01-05T08:00:00Z",
              "managedFields":[{"manager":"m","fieldsV1":{"f:metadata":{"f:name":{}}}}],
              "labels":{"a":"1","größe":"x\ny"},
              "annotations":{"k":"v","kubectl.kubernetes.io/last-applied-configuration":"{}"},
              "finalizers":["f/1","f/2"],
              "ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"ou","controller":true,"blockOwnerDeletion":true,"x":[]},{"apiVersion":"v1","kind":"L","name":"p","uid":"pu"}],
              "selfLink":null},"status":{}}
            """).Metadata;

        metadata.Key.ShouldBe(new ObjectKey("ns", "n"));
        metadata.Uid.ShouldBe("u");
        metadata.ResourceVersion.ShouldBe("7");
        metadata.Generation.ShouldBe(3);
        metadata.CreationTimestamp.ShouldBe(new DateTimeOffset(2026, 1, 5, 7, 0, 0, TimeSpan.Zero));
        metadata.DeletionTimestamp.ShouldBe(new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero));
        metadata.Labels.ShouldBe(new Dictionary<string, string> { ["a"] = "1", ["größe"] = "x\ny" }, ignoreOrder: true);
        metadata.Annotations.ShouldBe(new Dictionary<string, string> { ["k"] = "v" });
        metadata.Finalizers.ShouldBe(["f/1", "f/2"]);
        metadata.OwnerReferences.ShouldBe([
            new OwnerReference("v1", "K", "o", "ou", true, true), new OwnerReference("v1", "L", "p", "pu", false, false)]);
        metadata.ControllerOwner!.Name.ShouldBe("o");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":null}""")]
    [InlineData("""{"metadata":{}}""")]
    [InlineData("""{"metadata":{"labels":null,"annotations":null,"finalizers":null,"ownerReferences":null,"creationTimestamp":null,"generation":null,"name":null}}""")]
    public void What_is_not_there_is_empty(string json)
    {
        var metadata = Decode(json).Metadata;
        metadata.Key.ShouldBe(new ObjectKey("", ""));
        metadata.Labels.ShouldBeEmpty();
        metadata.Annotations.ShouldBeEmpty();
        metadata.Finalizers.ShouldBeEmpty();
        metadata.OwnerReferences.ShouldBeEmpty();
        metadata.CreationTimestamp.ShouldBeNull();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"metadata":[]}""")]
    [InlineData("""{"metadata":{"labels":["a"]}}""")]
    [InlineData("""{"metadata":{"name":"a""")]
    public void What_is_no_metadata_is_refused(string json) => Should.Throw<JsonException>(() => Decode(json));

    [Fact]
    public void The_reader_is_left_at_the_end_and_annotations_can_be_chosen()
    {
        var reader = new Utf8JsonReader("""{"annotations":{"keep":"1","drop":"2"},"name":"n"} """u8);
        reader.Read();
        var metadata = ObjectMetadata.Read(ref reader, key => key == "keep");
        metadata.Annotations.Keys.ShouldBe(["keep"]);
        reader.TokenType.ShouldBe(JsonTokenType.EndObject);
        reader.Read().ShouldBeFalse();
    }

    [Fact]
    public void Texts_that_repeat_are_one_instance()
    {
        // The pool is everybody's: what another test reads may take their place between the two.
        Enumerable.Range(0, 100).Any(_ => AreOneInstance()).ShouldBeTrue();

        static bool AreOneInstance()
        {
            var first = Decode("""{"metadata":{"namespace":"some-namespace","labels":{"some/key":"some value"}}}""").Metadata;
            var second = Decode("""{"metadata":{"namespace":"some-namespace","labels":{"some/key":"some value"}}}""").Metadata;
            return ReferenceEquals(second.Namespace, first.Namespace) && ReferenceEquals(second.Labels.Keys.Single(), first.Labels.Keys.Single());
        }
    }
}
