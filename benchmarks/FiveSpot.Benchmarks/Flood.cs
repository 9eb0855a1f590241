// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace FiveSpot.Benchmarks;

/// <summary>Starts programs at a steady rate, with as little of this process's own time as can be.</summary>
internal static unsafe partial class Flood
{
    private const int DoNotWait = 1;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs it on the caller's thread.</summary>
    /// <param name="aSecond">Starts a second.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="program">What is started, and ends by itself.</param>
    /// <param name="other">What is started instead of it now and then, with the argument <c>0.2</c>.</param>
    /// <param name="otherEvery">How often.</param>
    public static (int Started, int Matching, TimeSpan Elapsed) Run(int aSecond, TimeSpan duration, string program, string other, int otherEvery)
    {
        using var plain = new Command(program);
        using var matching = new Command(other, "0.2");
        var children = new HashSet<int>();
        var (started, matched, watch) = (0, 0, Stopwatch.StartNew());
        var total = (int)(aSecond * duration.TotalSeconds);
        while (started < total)
        {
            for (var due = Math.Min(total, watch.Elapsed.TotalSeconds * aSecond); started < due; started++)
            {
                var isOther = started % otherEvery == 0;
                children.Add((isOther ? matching : plain).Start());
                matched += isOther ? 1 : 0;
            }

            Reap(children);
            Task.Delay(Beat, TimeProvider.System).Wait();
        }

        var elapsed = watch.Elapsed;
        Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System).Wait();
        Reap(children);
        return (started, matched, elapsed);
    }

    private static void Reap(HashSet<int> children) => children.RemoveWhere(pid => WaitForChild(pid, null, DoNotWait) != 0);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    private static partial int Spawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitForChild(int pid, int* status, int options);

    private sealed class Command : IDisposable
    {
        private readonly nint[] _texts;
        private readonly nint _arguments;

        public Command(params string[] command)
        {
            _texts = [.. command.Select(text =>
            {
                var bytes = Encoding.UTF8.GetBytes(text + '\0');
                var memory = Marshal.AllocHGlobal(bytes.Length);
                Marshal.Copy(bytes, 0, memory, bytes.Length);
                return memory;
            })];
            _arguments = Marshal.AllocHGlobal((_texts.Length + 1) * sizeof(nint));
            Marshal.Copy([.. _texts, 0], 0, _arguments, _texts.Length + 1);
        }

        public int Start()
        {
            int pid;
            byte* environment = null;
            if (Spawn(&pid, (byte*)_texts[0], null, null, (byte**)_arguments, &environment) is not 0 and var error)
            {
                throw new InvalidOperationException($"A program can't be started: {Marshal.GetPInvokeErrorMessage(error)}");
            }

            return pid;
        }

        public void Dispose()
        {
            foreach (var text in _texts)
            {
                Marshal.FreeHGlobal(text);
            }

            Marshal.FreeHGlobal(_arguments);
        }
    }
}
