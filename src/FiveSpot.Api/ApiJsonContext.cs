// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>
/// JSON of the resource types, by source generation: names in camel case, nulls left out, times in UTC to the second.
/// </summary>
/// <remarks>
/// In a spec, an optional field that is absent or <c>null</c> has its default, and unknown fields are passed over.
/// A required field that is absent, or a field of another type, throws
/// <see cref="System.Text.Json.JsonException"/>; a required field that is <c>null</c> decodes to
/// <see langword="null"/>, which <see cref="ScheduledMachineRules"/> reports.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimestampConverter)])]
[JsonSerializable(typeof(ScheduledMachineSpec))]
[JsonSerializable(typeof(ScheduledMachineStatus))]
[JsonSerializable(typeof(NodeTaint[]))]
public sealed partial class ApiJsonContext : JsonSerializerContext;
