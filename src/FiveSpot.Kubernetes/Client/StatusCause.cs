// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>One reason why the server refused an object (<c>details.causes</c> of its Status).</summary>
/// <param name="Field">The field that it is about, such as <c>spec.clusterName</c>; may be empty.</param>
/// <param name="Reason">The machine-readable reason, such as <c>FieldValueInvalid</c>; may be empty.</param>
/// <param name="Message">The server's words.</param>
public sealed record StatusCause(string Field, string Reason, string Message);
