// SPDX-License-Identifier: Apache-2.0

using System.Text;
using CsCheck;
using FiveSpot.ReclaimAgent.Detection;

namespace FiveSpot.ReclaimAgent.Tests.Detection;

/// <summary>What comes from the kernel, and what only looks like it.</summary>
public sealed class ParserTests
{
    [Fact]
    public void Every_message_of_a_datagram_is_read()
    {
        byte[] datagram = [.. Message(ProcessEventKind.Exec, 5, 5), .. Message((ProcessEventKind)1, 6, 6), .. Message(ProcessEventKind.Comm, 9, 8)];
        Read(datagram).ShouldBe(
        [
            new ProcessEvent(ProcessEventKind.Exec, 0, 5, 5),
            new ProcessEvent((ProcessEventKind)1, 0, 6, 6),
            new ProcessEvent(ProcessEventKind.Comm, 0, 9, 8),
        ]);
    }

    [Fact]
    public void A_message_of_another_connector_is_passed_over()
    {
        var other = Message(ProcessEventKind.Exec, 5, 5);
        other[16] = 2;
        Read([.. other, .. Message(ProcessEventKind.Exec, 7, 7)]).ShouldBe([new ProcessEvent(ProcessEventKind.Exec, 0, 7, 7)]);
    }

    [Fact]
    public void A_message_that_was_cut_off_ends_the_datagram()
    {
        byte[] whole = [.. Message(ProcessEventKind.Exec, 5, 5), .. Message(ProcessEventKind.Exec, 6, 6)];
        for (var length = 0; length < whole.Length; length++)
        {
            Read(whole[..length]).Count.ShouldBe(length < whole.Length / 2 ? 0 : 1);
        }
    }

    [Fact]
    public void No_datagram_breaks_the_reader() => Gen.Byte.Array[0, 300].Sample(datagram => Read(datagram).Count <= datagram.Length / 16);

    [Fact]
    public void No_damaged_datagram_breaks_the_reader() => Gen.Select(Gen.Int[0, 151], Gen.Byte).Array[1, 8].Sample(damage =>
    {
        byte[] datagram = [.. Message(ProcessEventKind.Exec, 5, 5), .. Message(ProcessEventKind.Comm, 6, 6)];
        foreach (var (at, value) in damage)
        {
            datagram[at] = value;
        }

        return Read(datagram).Count <= 9;
    });

    [Theory]
    [InlineData("12 (sh) S 7 1 1 0 -1 4194560 99 0", 'S', 7, 4194560u)]
    [InlineData("12 (a) b) Z (c) R 3 1 1 0 -1 64 0", 'R', 3, 64u)]
    [InlineData("12 (two\nlines) Z 1 1 1 0 -1 4228108", 'Z', 1, 4228108u)]
    [InlineData("12 () S 0 0 0 0 -1 4294967295 0", 'S', 0, uint.MaxValue)]
    public void A_stat_is_read_past_any_name(string stat, char state, int parent, uint flags)
    {
        ProcessStat.TryParse(Encoding.UTF8.GetBytes(stat), out var parsed).ShouldBeTrue();
        parsed.ShouldBe(new ProcessStat(state, parent, flags));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12 (sh")]
    [InlineData("12 (sh)")]
    [InlineData("12 (sh) S")]
    [InlineData("12 (sh) S ")]
    [InlineData("12 (sh) S x 1 1 0 -1 64 0")]
    [InlineData("12 (sh) S 7 1 1 0 -1")]
    [InlineData("12 (sh) S 7 1 1 0 -1 99999999999 0")]
    [InlineData("12 (sh) S -7 1 1 0 -1 64 0")]
    public void A_stat_that_is_none_is_refused(string stat) => ProcessStat.TryParse(Encoding.UTF8.GetBytes(stat), out _).ShouldBeFalse();

    [Fact]
    public void No_stat_breaks_the_reader() => Gen.Char["0123456789 ()-SZab\n"].Array[0, 60].Sample(text =>
    {
        _ = ProcessStat.TryParse(Encoding.ASCII.GetBytes(text), out _);
    });

    [Fact]
    public void No_directory_breaks_the_reader() => Gen.Byte.Array[0, 200].Sample(entries =>
    {
        var reader = new DirectoryEntries(entries);
        var count = 0;
        while (reader.NextPid(out var pid))
        {
            pid.ShouldBePositive();
            count++;
        }

        return count <= entries.Length / 19;
    });

    private static List<ProcessEvent> Read(byte[] datagram)
    {
        var reader = new ProcessEvents(datagram);
        var found = new List<ProcessEvent>();
        while (reader.Next(out var next))
        {
            found.Add(next);
        }

        return found;
    }

    private static byte[] Message(ProcessEventKind kind, int thread, int process)
    {
        uint[] words = [76, 3, 1, 0, 1, 1, 1, 0, 40, (uint)kind, 0, 0, 0, (uint)thread, (uint)process, 0, 0, 0, 0];
        return [.. words.SelectMany(BitConverter.GetBytes)];
    }
}
