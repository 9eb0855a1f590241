// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Kubernetes;

/// <summary>A connection of a <see cref="DiagnosticsServer"/>, which ends by itself when its time is up.</summary>
internal sealed class DiagnosticsClient : IDisposable
{
    private readonly Socket _socket;
    private readonly ITimer _patience;

    /// <summary>A connection that was made just now.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="time">Real time.</param>
    /// <param name="patience">How long it may take, until it is told otherwise.</param>
    public DiagnosticsClient(Socket socket, TimeProvider time, TimeSpan patience)
    {
        _socket = socket;
        _socket.NoDelay = true;
        Address = socket.RemoteEndPoint is IPEndPoint remote ? Of(remote.Address) : IPAddress.None;
        _patience = time.CreateTimer(static client => ((DiagnosticsClient)client!).Drop(), this, patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whose it is: of IPv6 the network, since there nobody has only one address.</summary>
    public IPAddress Address { get; }

    /// <summary>Waits until there is something to read, or the client says no more. Costs no buffer.</summary>
    public ValueTask<int> WaitAsync() => _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);

    /// <summary>Reads what there is.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => _socket.ReceiveAsync(buffer, SocketFlags.None);

    /// <summary>Writes.</summary>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> text) => _socket.SendAsync(text, SocketFlags.None);

    /// <summary>How long it may take from now on.</summary>
    public void Expect(TimeSpan patience) => _patience.Change(patience, Timeout.InfiniteTimeSpan);

    /// <summary>Says that there is no more to come.</summary>
    public void Finish() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends it at once, with nothing left in the kernel; whoever waits for it sees an exception.</summary>
    public void Drop() => _socket.Close(0);

    /// <inheritdoc/>
    public void Dispose()
    {
        _patience.Dispose();
        _socket.Dispose();
    }

    /// <summary>Whose an address is: one of IPv4 is the same in the form that a listener of both families sees it in.</summary>
    internal static IPAddress Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
