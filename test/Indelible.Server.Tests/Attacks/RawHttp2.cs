using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.Server.Tests.Attacks;

/// <summary>A frame of HTTP/2. RFC 9113, 4.1.</summary>
internal sealed record Http2Frame(byte Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte GoAway = 7;
    public const byte Continuation = 9;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    /// <summary>The status that a HEADERS frame begins with: the server encodes it first and without compression.</summary>
    public int Status => Payload switch
    {
        [0x88, ..] => 200,
        [0x8c, ..] => 400,
        [0x8d, ..] => 404,
        [0x08 or 0x48, 3, var a, var b, var c, ..] => int.Parse([(char)a, (char)b, (char)c], provider: null),
        _ => 0,
    };
}

/// <summary>HTTP/2 by prior knowledge, frame by frame, as no well-behaved client speaks it. Names and values are sent as they are given.</summary>
internal sealed class RawHttp2 : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private readonly TcpClient _client = new();
    private readonly CancellationTokenSource _patience = new(s_patience);

    public static async Task<RawHttp2> OpenAsync(Uri server)
    {
        var connection = new RawHttp2();
        await connection._client.ConnectAsync(IPAddress.Loopback, server.Port);
        await connection.TrySendAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Http2Frame.Settings, 0, 0, [])]);
        return connection;
    }

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>Headers as literals without indexing and without Huffman coding. RFC 7541, 6.2.2.</summary>
    public static byte[] Encode(params IEnumerable<(string Name, string Value)> headers)
    {
        using var block = new MemoryStream();
        foreach ((string name, string value) in headers)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }

        return block.ToArray();
    }

    /// <summary>Sends bytes; what the server has closed is no fault of the test.</summary>
    /// <returns>Whether they were taken.</returns>
    public async Task<bool> TrySendAsync(byte[] bytes)
    {
        try
        {
            await _client.GetStream().WriteAsync(bytes, _patience.Token);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The next frame, or null where the connection has ended.</summary>
    /// <exception cref="OperationCanceledException">The server says nothing and keeps the connection open.</exception>
    public async Task<Http2Frame?> ReadAsync()
    {
        try
        {
            byte[] head = new byte[9];
            await _client.GetStream().ReadExactlyAsync(head, _patience.Token);
            byte[] payload = new byte[(int)(BinaryPrimitives.ReadUInt32BigEndian(head) >> 8)];
            await _client.GetStream().ReadExactlyAsync(payload, _patience.Token);
            return new Http2Frame(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
        }
        catch (Exception e) when (e is IOException or EndOfStreamException)
        {
            return null;
        }
    }

    /// <summary>Reads on to the answer to a stream, its refusal, or the end of the connection.</summary>
    public async Task<Http2Frame?> OutcomeAsync(int stream)
    {
        while (await ReadAsync() is { } frame)
        {
            if (frame.Type == Http2Frame.GoAway || (frame.Stream == stream && frame.Type is Http2Frame.Headers or Http2Frame.Reset))
            {
                return frame;
            }
        }

        return null;
    }

    public void Dispose()
    {
        _client.Dispose();
        _patience.Dispose();
    }

    private static void WriteText(MemoryStream block, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        int rest = bytes.Length - 127;
        block.WriteByte((byte)Math.Min(bytes.Length, 127));
        if (rest >= 0)
        {
            for (; rest >= 128; rest >>= 7)
            {
                block.WriteByte((byte)((rest & 127) | 128));
            }

            block.WriteByte((byte)rest);
        }

        block.Write(bytes);
    }
}
