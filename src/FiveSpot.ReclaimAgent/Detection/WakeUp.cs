// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>Wakes a thread that waits in the kernel, and says what for.</summary>
internal sealed unsafe class WakeUp : IDisposable
{
    private readonly int _event = Libc.CreateEvent(0, Libc.CloseOnExec | Libc.EventNonBlocking);
    private int _reasons;

    /// <summary>One that nobody has woken yet.</summary>
    /// <exception cref="IOException">There is no descriptor to be had.</exception>
    public WakeUp()
    {
        if (_event < 0)
        {
            throw new IOException($"No event can be made: {Errno.Describe(Errno.Last)}");
        }
    }

    /// <summary>Wakes it; from any thread.</summary>
    public void Wake(WakeReasons reasons)
    {
        Interlocked.Or(ref _reasons, (int)reasons);
        var one = 1L;
        _ = Libc.Write(_event, (byte*)&one, sizeof(long));
    }

    /// <summary>Waits until it is woken, or until something can be read.</summary>
    /// <param name="descriptor">From what; negative for nothing.</param>
    /// <param name="readable">Whether something can be.</param>
    /// <returns>What it was woken for since the last call.</returns>
    public WakeReasons Wait(int descriptor, out bool readable)
    {
        var waiting = stackalloc Libc.PollDescriptor[2];
        waiting[0] = new Libc.PollDescriptor { Descriptor = _event, Events = Libc.PollIn };
        waiting[1] = new Libc.PollDescriptor { Descriptor = descriptor, Events = Libc.PollIn };
        while (Libc.Poll(waiting, 2, -1) < 0)
        {
            if (Errno.Last is not (Errno.Interrupted or Errno.TryAgain))
            {
                throw new IOException($"Waiting for processes failed: {Errno.Describe(Errno.Last)}");
            }
        }

        readable = (waiting[1].Returned & (Libc.PollIn | Libc.PollError)) != 0;
        if (waiting[0].Returned == 0)
        {
            return WakeReasons.None;
        }

        long count;
        _ = Libc.Read(_event, (byte*)&count, sizeof(long));
        return (WakeReasons)Interlocked.Exchange(ref _reasons, 0);
    }

    public void Dispose() => ProcessDirectory.Close(_event);
}
