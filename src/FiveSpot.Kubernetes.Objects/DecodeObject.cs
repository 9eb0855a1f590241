// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Turns the JSON of one object into a projection, straight from UTF-8.</summary>
/// <remarks>
/// Items of a list carry no <c>apiVersion</c> and <c>kind</c>: a decoder must not ask for them. A decoder for an
/// an informer had better not throw for an object whose content it dislikes, but return a projection that
/// says so: what throws is logged and counted, and the informer goes on with the last state that it could read.
/// The bytes are valid during the call only.
/// </remarks>
/// <typeparam name="T">The projection.</typeparam>
/// <param name="utf8Json">One JSON object.</param>
/// <returns>The projection.</returns>
public delegate T DecodeObject<out T>(ReadOnlySpan<byte> utf8Json);
