// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>A subscription to the kernel's proc connector, narrowed to exec and to names that change.</summary>
internal sealed unsafe class ProcConnector : IDisposable
{
    private const int NetlinkFamily = 16;
    private const int Datagrams = 2 | Libc.CloseOnExec;
    private const int ConnectorProtocol = 11;
    private const uint ProcessGroup = 1;
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;
    private const int ReceiveBufferForce = 33;
    private const uint Listen = 1;
    private const uint Ignore = 2;

    // Of kernel memory, and only while as many events wait: some 10,000 of them.
    private const int ReceiveBuffer = 4 << 20;
    private const int LongestDatagram = 16 << 10;
    private const int AnswerAttempts = 2;

    private readonly int _socket;
    private readonly byte[] _datagram = new byte[LongestDatagram];
    private bool _listens;

    /// <summary>Subscribes.</summary>
    /// <param name="patience">How long to wait for the kernel to say that it took.</param>
    /// <param name="receiveBuffer">How many bytes of events may wait in the kernel before it drops some.</param>
    /// <exception cref="DetectorRefusedException">It did not.</exception>
    public ProcConnector(TimeSpan patience, int receiveBuffer = ReceiveBuffer)
    {
        _socket = Libc.CreateSocket(NetlinkFamily, Datagrams, ConnectorProtocol);
        if (_socket < 0)
        {
            throw Refused("has no netlink connector", Errno.Last);
        }

        try
        {
            Narrow();
            Subscribe(receiveBuffer);
            AwaitAnswer(patience);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What to wait on until there is something to <see cref="Receive"/>.</summary>
    public int Descriptor => _socket;

    /// <summary>Takes a datagram, without waiting for one.</summary>
    /// <param name="events">Its events; valid until the next call.</param>
    /// <returns>What came of it.</returns>
    public ReceiveResult Receive(out ProcessEvents events)
    {
        fixed (byte* buffer = _datagram)
        {
            var length = Libc.Receive(_socket, buffer, _datagram.Length, Libc.DontWait);
            events = new ProcessEvents(_datagram.AsSpan(0, (int)Math.Max(0, length)));
            if (length >= 0)
            {
                return ReceiveResult.Received;
            }
        }

        return Errno.Last switch
        {
            Errno.NoBufferSpace => ReceiveResult.Lost,
            Errno.TryAgain => ReceiveResult.Nothing,
            Errno.Interrupted => ReceiveResult.Received,
            var error => throw new IOException($"The proc connector failed: {Errno.Describe(error)}"),
        };
    }

    public void Dispose()
    {
        // A kernel before 6.6 counts listeners by what they say, and would go on making events for one that is gone.
        if (_listens)
        {
            _ = Say(Ignore, question: 0);
        }

        ProcessDirectory.Close(_socket);
    }

    private static DetectorRefusedException Refused(string words, int error) =>
        new($"The proc connector can't be used: this kernel {words} ({Errno.Describe(error)}).");

    // The kernel would wake us for every fork, exit and renamed thread of the machine as well.
    private void Narrow()
    {
        // What a filter loads it takes for big-endian; the kernel wrote it in the machine's order.
        static uint Loaded(uint number) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(number) : number;

        const ushort LoadAt = 0x20, LoadLength = 0x80, ToIndex = 0x07, IfEqual = 0x15, IfEqualIndex = 0x1d, IfGreater = 0x25, Return = 0x06;
        ReadOnlySpan<Instruction> program =
        [
            // More than one message: not looked into here.
            new(LoadLength, 0, 0, 0),
            new(IfGreater, 8, 0, 128),
            new(LoadAt, 0, 0, 36),
            new(IfEqual, 6, 0, Loaded((uint)ProcessEventKind.Exec)),
            new(IfEqual, 5, 0, Loaded((uint)ProcessEventKind.Answer)),
            new(IfEqual, 0, 5, Loaded((uint)ProcessEventKind.Comm)),

            // Of renamed threads only those that are the process.
            new(LoadAt, 0, 0, 52),
            new(ToIndex, 0, 0, 0),
            new(LoadAt, 0, 0, 56),
            new(IfEqualIndex, 0, 1, 0),
            new(Return, 0, 0, uint.MaxValue),
            new(Return, 0, 0, 0),
        ];
        fixed (Instruction* start = program)
        {
            var filter = new Filter { Length = (ushort)program.Length, Instructions = start };
            if (Libc.SetOption(_socket, SocketLevel, AttachFilter, &filter, (uint)sizeof(Filter)) < 0)
            {
                throw Refused("takes no filter", Errno.Last);
            }
        }
    }

    private void Subscribe(int receiveBuffer)
    {
        _ = Libc.SetOption(_socket, SocketLevel, ReceiveBufferForce, &receiveBuffer, sizeof(int));

        // struct sockaddr_nl: family, padding, port (the kernel chooses), groups.
        var address = stackalloc uint[] { NetlinkFamily, 0, ProcessGroup };
        if (Libc.Bind(_socket, (byte*)address, 12) < 0)
        {
            throw Errno.Last == Errno.NotPermitted ? NoCapability() : Refused("refuses its events", Errno.Last);
        }
    }

    private void AwaitAnswer(TimeSpan patience)
    {
        // The answer goes to all who listen. It has one more than the question in this field, and nothing else of it.
        var question = (uint)Environment.ProcessId;
        for (var attempt = 0; attempt < AnswerAttempts; attempt++)
        {
            Ask(question);
            var waiting = new Libc.PollDescriptor { Descriptor = _socket, Events = Libc.PollIn };
            while (Libc.Poll(&waiting, 1, (int)patience.TotalMilliseconds) > 0)
            {
                if (Receive(out var events) == ReceiveResult.Lost)
                {
                    break;
                }

                while (events.Next(out var found))
                {
                    if (found.Kind != ProcessEventKind.Answer || found.Acknowledges != question + 1)
                    {
                        continue;
                    }

                    if (found.Thread == 0)
                    {
                        _listens = true;
                        return;
                    }

                    throw found.Thread == Errno.NotPermitted ? NoCapability() : Refused("refuses its events", found.Thread);
                }
            }
        }

        throw new DetectorRefusedException(
            "The proc connector can't be used: the kernel does not answer, as it does outside of the initial pid and user namespaces (a Pod needs hostPID: true).");
    }

    private void Ask(uint question)
    {
        if (!Say(Listen, question))
        {
            throw Errno.Last == Errno.ConnectionRefused
                ? new DetectorRefusedException(
                    "The proc connector can't be used: it is there in the initial network namespace alone (a Pod needs hostNetwork: true).")
                : Refused("refuses its events", Errno.Last);
        }
    }

    private bool Say(uint operation, uint question)
    {
        const int Length = 16 + 20 + 4;

        // struct nlmsghdr: length, type done (3), sequence, port; struct cn_msg: idx, val, seq, ack, length and flags; operation.
        var message = stackalloc uint[] { Length, 3, 0, 0, ProcessGroup, ProcessGroup, 0, question, 4, operation };
        return Libc.Send(_socket, (byte*)message, Length, 0) >= 0;
    }

    private static DetectorRefusedException NoCapability() =>
        new("The proc connector can't be used: this process lacks the capability CAP_NET_ADMIN.");

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte whenTrue, byte whenFalse, uint operand)
    {
        public readonly ushort Code = code;
        public readonly byte WhenTrue = whenTrue;
        public readonly byte WhenFalse = whenFalse;
        public readonly uint Operand = operand;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Filter
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
