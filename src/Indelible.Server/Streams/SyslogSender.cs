using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Indelible.Server.Streams;

/// <summary>Sends entries as syslog messages over TLS (RFC 5425).</summary>
/// <remarks>
/// <para>
/// Syslog has no answers. A batch counts as taken when it was written and, where the operating system tells so (Linux), the receiver's has acknowledged every byte of it. What the receiver's program had not read by then
/// is lost if it ends. So when a connection breaks, what was sent is sent again, unless something that was sent <see cref="ServerLimits.StreamDoubt"/> later was acknowledged: only that shows that the receiver lived for so
/// long, for a host that vanishes breaks no connection until somebody notices. Where the receiver closes properly after we have closed, it has read everything.
/// </para>
/// <para>A connection is read from as well, though nothing comes: it is how one learns that it has ended.</para>
/// </remarks>
/// <param name="target">Where to.</param>
/// <param name="host">The node's host, as its origins have it.</param>
/// <param name="time">The clock by which is measured how long ago something was sent.</param>
/// <param name="wake">Called when a connection has ended: there may be something to send again.</param>
internal sealed class SyslogSender(SyslogTarget target, string host, TimeProvider time, Action wake) : IStreamSender
{
    private readonly object _lock = new();
    private readonly Queue<(long Sent, string Log, long From)> _doubtful = new();   // under the lock
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private Connection? _connection;
    private bool _isLost;                                                           // under the lock

    /// <inheritdoc/>
    public bool IsSettled => _connection is { } connection && time.GetElapsedTime(connection.Opened) >= ServerLimits.StreamDoubt;

    /// <inheritdoc/>
    public IReadOnlyList<(string Log, long Index)> TakeLost()
    {
        lock (_lock)
        {
            if (!_isLost)
            {
                return [];
            }

            _isLost = false;
            (string, long)[] lost = [.. _doubtful.GroupBy(one => one.Log, StringComparer.Ordinal).Select(log => (log.Key, log.Min(one => one.From)))];
            _doubtful.Clear();
            return lost;
        }
    }

    /// <inheritdoc/>
    public async Task<SendResult> SendAsync(StreamBatch batch, CancellationToken cancellationToken)
    {
        _buffer.ResetWrittenCount();
        foreach (StreamItem item in batch.Items)
        {
            if (!SyslogMessage.TryWrite(_buffer, item, host, target.MessageBytes))
            {
                return new SendResult(SendOutcome.Refused, $"longer than message_bytes, {target.MessageBytes}");
            }
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ServerLimits.StreamTimeout);
        try
        {
            if (_connection is { IsOpen: false })
            {
                await CloseAsync();
                if (HasLost())
                {
                    // What is lost comes first: messages keep their order.
                    return SendResult.Failed("the connection broke");
                }
            }

            Connection connection = _connection ??= await OpenAsync(limit.Token);
            await connection.Stream.WriteAsync(_buffer.WrittenMemory, limit.Token);
            await connection.Stream.FlushAsync(limit.Token);
            await connection.WaitForAcknowledgementAsync(limit.Token);
            if (!connection.IsOpen)
            {
                throw new IOException("it was closed");
            }

            lock (_lock)
            {
                Forget();
                _doubtful.Enqueue((time.GetTimestamp(), batch.Log, batch.From));

                // Where it has ended since it was looked at, nobody has marked this batch.
                _isLost |= !connection.IsOpen;
            }

            return SendResult.Taken;
        }
        catch (AuthenticationException)
        {
            await CloseAsync();
            return SendResult.Failed("TLS failed: is its certificate one that is trusted here, for this name?");
        }
        catch (SocketException e)
        {
            await CloseAsync();
            return SendResult.Failed($"no connection: {e.SocketErrorCode}");
        }
        catch (IOException)
        {
            await CloseAsync();
            return SendResult.Failed("the connection broke");
        }
        catch (OperationCanceledException)
        {
            // Half of a message may have left: nothing can follow it.
            await CloseAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return SendResult.Failed($"not connected, or not acknowledged, within {ServerLimits.StreamTimeout.TotalSeconds:0} s");
        }
    }

    /// <summary>Ends the connection; where the receiver ends it as well after that, it has everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { IsOpen: true } connection && await connection.EndAsync())
        {
            lock (_lock)
            {
                _doubtful.Clear();
            }
        }

        await CloseAsync();
    }

    private async Task<Connection> OpenAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ServerLimits.StreamConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)ServerLimits.StreamSilence.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)(ServerLimits.StreamSilence / ServerLimits.StreamProbes).TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ServerLimits.StreamProbes);
            await socket.ConnectAsync(target.Host, target.Port, limit.Token);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(target.Trust.OptionsFor(target.Host), limit.Token);
            return new Connection(socket, tls, time.GetTimestamp(), OnEnded);
        }
        catch
        {
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }

            socket.Dispose();
            throw;
        }
    }

    private void OnEnded()
    {
        lock (_lock)
        {
            _isLost = _doubtful.Count > 0;
        }

        wake();
    }

    private bool HasLost()
    {
        lock (_lock)
        {
            return _isLost;
        }
    }

    /// <summary>Whoever has acknowledged something now has what was sent so long before. Under the lock.</summary>
    private void Forget()
    {
        while (_doubtful.TryPeek(out (long Sent, string Log, long From) oldest) && time.GetElapsedTime(oldest.Sent) >= ServerLimits.StreamDoubt)
        {
            _doubtful.Dequeue();
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    /// <summary>An open connection, and the reading of it.</summary>
    private sealed class Connection : IAsyncDisposable
    {
        private const int TcpInfo = 11;
        private const int TcpInfoBytes = 148;
        private const int UnacknowledgedAt = 24;
        private const int NotSentAt = 144;
        private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(1);
        private static readonly TimeSpan s_lookMost = TimeSpan.FromMilliseconds(50);

        private readonly Socket _socket;
        private readonly Task<bool> _reading;
        private volatile bool _isOpen = true;

        public Connection(Socket socket, SslStream stream, long opened, Action ended)
        {
            (_socket, Stream, Opened) = (socket, stream, opened);
            _reading = ReadAsync(ended);
        }

        public SslStream Stream { get; }

        public long Opened { get; }

        public bool IsOpen => _isOpen;

        /// <summary>Waits until the receiver's operating system has acknowledged what was written, where ours can tell.</summary>
        public async Task WaitForAcknowledgementAsync(CancellationToken cancellationToken)
        {
            if (!OperatingSystem.IsLinux())
            {
                return;
            }

            byte[] info = new byte[TcpInfoBytes];
            for (TimeSpan wait = s_look; _isOpen; wait = wait < s_lookMost ? wait * 2 : s_lookMost)
            {
                if (_socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo, info) < TcpInfoBytes || (NumberAt(info, UnacknowledgedAt) == 0 && NumberAt(info, NotSentAt) == 0))
                {
                    return;
                }

                await Task.Delay(wait, cancellationToken);
            }
        }

        /// <summary>Says that nothing more comes, and waits for the receiver to say the same.</summary>
        /// <returns>Whether it did.</returns>
        public async Task<bool> EndAsync()
        {
            try
            {
                await Stream.ShutdownAsync().WaitAsync(ServerLimits.StreamEnd);
                _socket.Shutdown(SocketShutdown.Send);
                return await _reading.WaitAsync(ServerLimits.StreamEnd);
            }
            catch (Exception e) when (e is TimeoutException or IOException or SocketException or ObjectDisposedException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Stream.DisposeAsync();
            _socket.Dispose();
            await _reading;
        }

        private static uint NumberAt(byte[] info, int at) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(at)) : BinaryPrimitives.ReadUInt32BigEndian(info.AsSpan(at));

        private async Task<bool> ReadAsync(Action ended)
        {
            byte[] nothing = new byte[256];
            bool isProper = false;
            try
            {
                while (await Stream.ReadAsync(nothing) > 0)
                {
                    // A receiver has nothing to say.
                }

                isProper = true;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // It broke, or we have closed it.
            }

            _isOpen = false;
            ended();
            return isProper;
        }
    }
}
