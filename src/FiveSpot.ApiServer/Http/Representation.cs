// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Http;

/// <summary>The constant pieces of encoded answers.</summary>
internal static class Representation
{
    public static readonly ReadOnlyMemory<byte> MetadataHead = """{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","""u8.ToArray();

    public static readonly ReadOnlyMemory<byte> BareHead = "{"u8.ToArray();

    public static readonly ReadOnlyMemory<byte> Comma = ","u8.ToArray();

    public static readonly ReadOnlyMemory<byte> ListEnd = "]}"u8.ToArray();

    /// <summary>What Go ends each JSON text with.</summary>
    public static readonly ReadOnlyMemory<byte> EndOfValue = "\n"u8.ToArray();
}
