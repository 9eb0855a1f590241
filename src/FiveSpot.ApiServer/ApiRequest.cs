// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>A request as observers and fault injectors see it.</summary>
/// <param name="Sequence">Counts the requests of a server from 1, in the order of their arrival.</param>
/// <param name="Verb">Kubernetes' verb: <c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c>, <c>update</c>, <c>patch</c>, <c>delete</c>, <c>deletecollection</c>; the HTTP method in lower case outside of resources.</param>
/// <param name="Path">The path, decoded.</param>
/// <param name="Query">The query with its question mark; empty when there is none.</param>
/// <param name="UserAgent">The client's <c>User-Agent</c>; may be empty.</param>
public sealed record ApiRequest(long Sequence, string Verb, string Path, string Query, string UserAgent);
