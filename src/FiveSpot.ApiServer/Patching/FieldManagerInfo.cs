// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Patching;

/// <summary>Who writes, by which operation, through which endpoint, and when.</summary>
/// <param name="Manager">The request's <c>fieldManager</c>; empty becomes <c>unknown</c>.</param>
/// <param name="Operation"><c>Apply</c> or <c>Update</c>.</param>
/// <param name="ApiVersion">The version of the endpoint, such as <c>apps/v1</c>.</param>
/// <param name="Subresource">The subresource of the endpoint, such as <c>status</c>; null for the resource itself.</param>
/// <param name="Time">The time of the request; whole seconds are kept.</param>
public sealed record FieldManagerInfo(
    string Manager, string Operation, string ApiVersion, string? Subresource, DateTimeOffset Time);
