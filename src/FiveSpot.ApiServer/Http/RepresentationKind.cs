// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Http;

/// <summary>The form that a client asks for objects in.</summary>
internal enum RepresentationKind
{
    Full,
    Table,
    Metadata,
    MetadataList,
}
