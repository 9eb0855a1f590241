// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FiveSpot.Fuzzing;

/// <summary>
/// Feeds a parser with what a stranger may send: inputs that are right, broken by bytes, by tokens and by pieces of each other.
/// A few thousand of them in each run of the tests; for as long as FIVESPOT_FUZZ_SECONDS says, if it is set, beginning with
/// the seed FIVESPOT_FUZZ_SEED. The same seed makes the same inputs.
/// </summary>
internal static class Fuzz
{
    private const int Usual = 5_000;
    private const int Longest = 16 << 10;

    // What each parser is fed with besides: numbers at the edges, and text that means something to somebody.
    private static readonly string[] Everywhere =
    [
        "0", "-1", "-0", "1e309", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "4294967296", "2147483648", "0.0000001", "NaN",
        "null", "true", "\"", "\\", "\\u0000", "\\ud800", "\u001b[2J", "\u202e", "\ufeff", "\0", "\n", "\r\n", "\t", " ", "{", "}", "[", "]", ",", ":", "{}", "[]",
        "\u00e4", "\ud83d\ude00",
    ];

    /// <summary>Feeds a parser.</summary>
    /// <param name="right">Inputs that are right, or nearly.</param>
    /// <param name="tokens">Pieces of the language.</param>
    /// <param name="read">Reads one input; what it throws is a fault.</param>
    /// <returns>How many inputs it was.</returns>
    public static long Feed(string[] right, string[] tokens, Action<byte[]> read)
    {
        byte[][] corpus = [.. right.Select(Encoding.UTF8.GetBytes)];
        byte[][] words = [.. tokens.Concat(Everywhere).Select(Encoding.UTF8.GetBytes)];
        var seconds = Number("FIVESPOT_FUZZ_SECONDS");
        var seed = Number("FIVESPOT_FUZZ_SEED") ?? 1;
        var watch = Stopwatch.StartNew();
        var count = 0L;
        while (seconds is null ? count < Usual : watch.Elapsed.TotalSeconds < seconds)
        {
            var random = new Random(unchecked((int)(seed * 7_919) + (int)(count / 1000)));
            for (var i = 0; i < 1000; i++)
            {
                var input = Break(corpus, words, random);
                var before = GC.GetAllocatedBytesForCurrentThread();
                var began = Stopwatch.GetTimestamp();
                try
                {
                    read(input);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"seed {seed}, input {count + i}: {e.GetType().Name} of {Convert.ToBase64String(input)}", e);
                }

                // Linear, and with room for what is made once.
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                if (allocated > (4 << 20) + (200L * input.Length) || Stopwatch.GetElapsedTime(began).TotalSeconds > 10)
                {
                    throw new InvalidOperationException(string.Create(
                        CultureInfo.InvariantCulture, $"seed {seed}, input {count + i}: {allocated} bytes, {Stopwatch.GetElapsedTime(began).TotalSeconds} s for {Convert.ToBase64String(input)}"));
                }
            }

            count += 1000;
        }

        return count;
    }

    private static byte[] Break(byte[][] corpus, byte[][] words, Random random)
    {
        var text = new List<byte>(corpus[random.Next(corpus.Length)]);
        for (var changes = random.Next(1, 7); changes > 0; changes--)
        {
            var at = random.Next(text.Count + 1);
            var length = Math.Min(random.Next(random.Next(2) == 0 ? 4 : 40), text.Count - at);
            switch (random.Next(7))
            {
                case 0 when at < text.Count:
                    text[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    text.Insert(at, (byte)random.Next(256));
                    break;
                case 2:
                    text.RemoveRange(at, length);
                    break;
                case 3:
                    text.RemoveRange(at, length);
                    text.InsertRange(at, words[random.Next(words.Length)]);
                    break;
                case 4:
                    var piece = text.GetRange(at, length);
                    var place = random.Next(text.Count + 1);
                    for (var times = random.Next(10) == 0 ? random.Next(50) : 1; times > 0 && text.Count < Longest; times--)
                    {
                        text.InsertRange(place, piece);
                    }

                    break;
                case 5:
                    var other = corpus[random.Next(corpus.Length)];
                    var start = random.Next(other.Length + 1);
                    text.InsertRange(at, other.AsSpan(start, Math.Min(random.Next(60), other.Length - start)).ToArray());
                    break;
                default:
                    text.InsertRange(at, words[random.Next(words.Length)]);
                    break;
            }
        }

        return [.. text];
    }

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
