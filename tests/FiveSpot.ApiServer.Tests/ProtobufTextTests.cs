// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.ApiServer.Tests;

/// <summary>Protobuf as it is on the wire. What kubectl sends is in <see cref="KubectlTests"/>.</summary>
public sealed class ProtobufTextTests
{
    // Metadata with the name "m", and the zeros that Go writes.
    private static readonly byte[] Metadata = Bytes(1, [.. Text(1, "m"), .. Text(2, string.Empty), .. Number(7, 0), .. Bytes(8, [])]);

    [Fact]
    public void An_object_is_read_and_its_zeros_are_left_out() =>
        Parse("v1", "Secret", [.. Metadata, .. Bytes(2, [.. Text(1, "k"), .. Bytes(2, [0xFF, 0])]), .. Text(3, string.Empty)])
            .ShouldBe("""{"kind":"Secret","apiVersion":"v1","metadata":{"name":"m"},"data":{"k":"/wA="}}""");

    [Fact]
    public void Options_for_deletion_keep_their_zeros() =>
        Parse("apps/v1", "DeleteOptions", [.. Number(1, 0), .. Bytes(2, Text(1, "u")), .. Number(3, 0), .. Text(4, "Orphan"), .. Text(5, "All")])
            .ShouldBe("""{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0,"preconditions":{"uid":"u"},"orphanDependents":false,"propagationPolicy":"Orphan","dryRun":["All"]}""");

    [Fact]
    public void An_eviction_has_options_for_deletion() =>
        Parse("policy/v1", "Eviction", [.. Metadata, .. Bytes(2, Number(1, 30))])
            .ShouldBe("""{"kind":"Eviction","apiVersion":"policy/v1","metadata":{"name":"m"},"deleteOptions":{"gracePeriodSeconds":30}}""");

    [Fact]
    public void Nothing_that_is_set_is_lost()
    {
        Refused("v1", "Pod", Metadata).ShouldBe((415, "v1 Pod"));
        Refused("v1", "ConfigMap", [.. Metadata, .. Number(4, 0)]).ShouldBe((415, "v1 ConfigMap with field 4 of ConfigMap"));
        Refused("v1", "ConfigMap", Bytes(1, Number(7, 1))).ShouldBe((415, "v1 ConfigMap with field 7 of ObjectMeta"));
        Refused("v1", "Namespace", [.. Metadata, .. Bytes(3, Text(1, "Active"))]).ShouldBe((415, "v1 Namespace with field 3 of Namespace"));
        Refused("v1", "Namespace", [.. Metadata, .. Bytes(2, Enumerable.Range(0, 1000).Aggregate(Array.Empty<byte>(), (inner, _) => Bytes(1, inner)))])
            .ShouldBe((415, "v1 Namespace with field 2 of Namespace"));
    }

    [Fact]
    public void Broken_bytes_are_a_bad_request()
    {
        byte[] whole = Envelope("v1", "ConfigMap", Metadata);
        Should.Throw<StatusException>(() => ProtobufText.Parse("{}"u8)).Code.ShouldBe(400);
        Should.Throw<StatusException>(() => ProtobufText.Parse(whole.AsSpan(0, whole.Length - 1))).Code.ShouldBe(400);
        Should.Throw<StatusException>(() => ProtobufText.Parse(Envelope("v1", "ConfigMap", Number(1, 1)))).Message.ShouldContain("wrong wireType");
        Should.Throw<StatusException>(() => ProtobufText.Parse(Envelope("v1", "ConfigMap", [10, .. Enumerable.Repeat((byte)0xFF, 9), 1]))).Message.ShouldContain("unexpected EOF");
        Should.Throw<StatusException>(() => ProtobufText.Parse(Envelope("v1", "ConfigMap", [10, .. Enumerable.Repeat((byte)0xFF, 10), 1]))).Message.ShouldContain("overflow");
    }

    private static string Parse(string apiVersion, string kind, byte[] message) => ProtobufText.Parse(Envelope(apiVersion, kind, message)).ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static (int Code, string Sent) Refused(string apiVersion, string kind, byte[] message)
    {
        var refusal = Should.Throw<StatusException>(() => ProtobufText.Parse(Envelope(apiVersion, kind, message)));
        return (refusal.Code, refusal.Message.Split("this server takes ")[^1].Split(" in JSON")[0]);
    }

    private static byte[] Envelope(string apiVersion, string kind, byte[] message) =>
        [.. "k8s\0"u8, .. Bytes(1, [.. Text(1, apiVersion), .. Text(2, kind)]), .. Bytes(2, message), .. Text(3, string.Empty), .. Text(4, string.Empty)];

    private static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(int field, byte[] bytes) => [.. Varint((field << 3) | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Number(int field, int number) => [.. Varint(field << 3), .. Varint(number)];

    private static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)((value & 127) | 128), .. Varint(value >> 7)];
}
