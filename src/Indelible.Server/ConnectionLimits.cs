using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Indelible.Server;

/// <summary>Puts the bounds on connections, of <see cref="ServerLimits"/>, where Kestrel looks for them.</summary>
internal static class ConnectionLimits
{
    /// <summary>Sets every bound; none is left to a default that another version could change.</summary>
    public static void Use(KestrelServerLimits limits)
    {
        // Kestrel counts a chunked body's framing as well; the exact bound is RequestBody's.
        limits.MaxRequestBodySize = 2 * ServerLimits.BodyBytes;
        limits.MinRequestBodyDataRate = new MinDataRate(ServerLimits.BodyRate, ServerLimits.BodyRateGrace);
        limits.MinResponseDataRate = new MinDataRate(ServerLimits.AnswerRate, ServerLimits.AnswerRateGrace);
        limits.RequestHeadersTimeout = ServerLimits.HeadersTimeout;
        limits.KeepAliveTimeout = ServerLimits.IdleTimeout;
        limits.MaxConcurrentConnections = ConnectionsWithin(ReadFileLimit());
        limits.MaxRequestLineSize = ServerLimits.RequestLineBytes;
        limits.MaxRequestHeaderCount = ServerLimits.HeaderCount;
        limits.MaxRequestHeadersTotalSize = ServerLimits.HeaderBytes;
        limits.MaxRequestBufferSize = ServerLimits.ReceiveBufferBytes;
        limits.MaxResponseBufferSize = ServerLimits.SendBufferBytes;
        limits.Http2.MaxStreamsPerConnection = ServerLimits.Http2Streams;
        limits.Http2.MaxRequestHeaderFieldSize = ServerLimits.HeaderBytes;
        limits.Http2.InitialConnectionWindowSize = ServerLimits.Http2ConnectionWindow;
        limits.Http2.InitialStreamWindowSize = ServerLimits.Http2StreamWindow;
        limits.Http2.KeepAlivePingDelay = ServerLimits.Http2Ping;
        limits.Http2.KeepAlivePingTimeout = ServerLimits.Http2PingTimeout;
    }

    /// <summary>How many connections may be open where the process may have so many files open.</summary>
    /// <param name="files">File descriptors of the process, or null where that is not known.</param>
    public static long ConnectionsWithin(long? files) =>
        files is { } known ? Math.Min(ServerLimits.Connections, Math.Max(known - ServerLimits.FilesKept, known / 4)) : ServerLimits.Connections;

    /// <summary>The limit of open files, as Linux tells it; .NET has raised the soft one to the hard one by then.</summary>
    private static long? ReadFileLimit()
    {
        const string Line = "Max open files";
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        string[] words = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal))?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words is [var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long files) ? files : null;
    }
}
