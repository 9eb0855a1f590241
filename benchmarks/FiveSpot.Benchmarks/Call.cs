// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Benchmarks;

/// <summary>A write that left a client.</summary>
/// <param name="Path">Path and query.</param>
/// <param name="Machine">The ScheduledMachine that it is about.</param>
/// <param name="Body">What was sent.</param>
/// <param name="Left">When it left, real time.</param>
internal sealed record Call(string Path, string Machine, ReadOnlyMemory<byte> Body, DateTimeOffset Left)
{
    /// <summary>When its answer began; the end of time until then.</summary>
    public DateTimeOffset Answered { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>Whether the server did as it was asked.</summary>
    public bool Succeeded { get; set; }

    public bool IsCreate(string plural) => Path.Contains($"/{plural}?", StringComparison.Ordinal);

    public bool IsEvent => IsCreate("events");

    public bool IsStatus => Path.Contains("/status?", StringComparison.Ordinal);
}
