using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace Indelible.Cli.Bench;

/// <summary>One HTTP/1.1 connection that is kept open: sends bytes that were made beforehand, blocks for the answer.</summary>
/// <remarks>
/// Two system calls a request and no allocation. A general client costs more than the server that it would measure on the same
/// machine. Reads answers of known length and chunked ones; anything else is an error. Not thread-safe.
/// </remarks>
internal sealed class HttpConnection : IDisposable
{
    private const int BodyKept = 2048;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _received = new byte[64 * 1024];
    private readonly byte[] _body = new byte[BodyKept];
    private int _bodyBytes;
    private int _start;   // what was received and not read yet lies between _start and _end
    private int _end;

    /// <summary>Connects.</summary>
    /// <param name="server">Host and port.</param>
    /// <param name="timeout">How long an answer may take.</param>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    public HttpConnection(Uri server, TimeSpan timeout)
    {
        _socket.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        _socket.SendTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            _socket.Connect(server.IdnHost.Trim('[', ']'), server.Port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>The beginning of the last answer's body.</summary>
    public string Body => Encoding.UTF8.GetString(_body, 0, _bodyBytes);

    /// <summary>Sends a whole request and reads the whole answer.</summary>
    /// <returns>The status.</returns>
    /// <exception cref="IOException">The connection broke, or the answer is not HTTP/1.1.</exception>
    public int Exchange(ReadOnlySpan<byte> request)
    {
        try
        {
            while (!request.IsEmpty)
            {
                request = request[_socket.Send(request)..];
            }

            return ReadAnswer();
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int ReadAnswer()
    {
        ReadOnlySpan<byte> line = ReadLine();
        if (!line.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(line[9..], out int status, out int digits) || digits != 3)
        {
            throw new IOException("The answer is not HTTP/1.1.");
        }

        long length = -1;
        bool isChunked = false;
        for (line = ReadLine(); !line.IsEmpty; line = ReadLine())
        {
            if (Is(line, "content-length:"u8))
            {
                ReadOnlySpan<byte> value = line["content-length:".Length..].Trim((byte)' ');
                length = Utf8Parser.TryParse(value, out long parsed, out int read) && read == value.Length && parsed >= 0
                    ? parsed
                    : throw new IOException("The answer's Content-Length is no number.");
            }
            else if (Is(line, "transfer-encoding:"u8))
            {
                isChunked = line.EndsWith("chunked"u8);
            }
        }

        _bodyBytes = 0;
        if (isChunked)
        {
            ReadChunks();
        }
        else if (length >= 0)
        {
            ReadBody(length);
        }
        else
        {
            throw new IOException("The answer has neither a length nor chunks.");
        }

        return status;
    }

    private void ReadChunks()
    {
        while (true)
        {
            ReadOnlySpan<byte> line = ReadLine();
            if (!Utf8Parser.TryParse(line, out uint size, out _, 'x') || size > int.MaxValue)
            {
                throw new IOException("A chunk of the answer has no length.");
            }

            ReadBody(size);
            if (!ReadLine().IsEmpty)
            {
                throw new IOException("A chunk of the answer is longer than its length.");
            }

            if (size == 0)
            {
                return;
            }
        }
    }

    private void ReadBody(long length)
    {
        while (length > 0)
        {
            if (_start == _end)
            {
                Receive();
            }

            int here = (int)Math.Min(length, _end - _start);
            int kept = Math.Min(here, BodyKept - _bodyBytes);
            _received.AsSpan(_start, kept).CopyTo(_body.AsSpan(_bodyBytes));
            _bodyBytes += kept;
            _start += here;
            length -= here;
        }
    }

    /// <summary>The next line without its end; valid until the next read.</summary>
    private ReadOnlySpan<byte> ReadLine()
    {
        int searched = 0;
        while (true)
        {
            int end = _received.AsSpan(_start + searched, _end - _start - searched).IndexOf("\r\n"u8);
            if (end >= 0)
            {
                ReadOnlySpan<byte> line = _received.AsSpan(_start, searched + end);
                _start += searched + end + 2;
                return line;
            }

            searched = Math.Max(0, _end - _start - 1);
            Receive();
        }
    }

    private void Receive()
    {
        if (_start > 0)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            _end -= _start;
            _start = 0;
        }

        if (_end == _received.Length)
        {
            throw new IOException("A line of the answer is longer than 64 KiB.");
        }

        int read = _socket.Receive(_received.AsSpan(_end));
        _end += read > 0 ? read : throw new IOException("The server closed the connection.");
    }

    private static bool Is(ReadOnlySpan<byte> line, ReadOnlySpan<byte> lowerCaseName) =>
        line.Length >= lowerCaseName.Length && Ascii.EqualsIgnoreCase(line[..lowerCaseName.Length], lowerCaseName);
}
