using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.Benchmarks;

/// <summary>Load on one small endpoint, <c>GET /records/7</c> that answers <c>7</c>, over connections of its own.</summary>
internal static class RequestLoad
{
    private const int Connections = 32;
    private static readonly byte[] s_request = Encoding.ASCII.GetBytes("GET /records/7 HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench/1\r\n\r\n");

    /// <summary>Measures requests a second, their 99th percentile, and this process's time for each.</summary>
    /// <param name="results">Receives them.</param>
    /// <param name="name">What is measured.</param>
    /// <param name="port">Where it listens, on the loopback address.</param>
    /// <param name="duration">How long.</param>
    public static async Task MeasureAsync(Results results, string name, int port, TimeSpan duration)
    {
        Socket[] sockets = new Socket[Connections];
        var latencies = new List<double>[Connections];
        byte[][] buffers = new byte[Connections][];
        for (int i = 0; i < Connections; i++)
        {
            sockets[i] = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(IPAddress.Loopback, port);
            latencies[i] = [];
            buffers[i] = new byte[4096];
        }

        var meter = new CpuMeter(Process.GetCurrentProcess());
        long requests = 0;
        double rate = await Workload.RateAsync(Connections, duration, async i =>
        {
            long started = Stopwatch.GetTimestamp();
            await sockets[i].SendAsync(s_request);
            int read = 0;
            do
            {
                int n = await sockets[i].ReceiveAsync(buffers[i].AsMemory(read));
                read += n > 0 ? n : throw new InvalidOperationException("The connection was closed.");
            }
            while (!IsWhole(buffers[i].AsSpan(0, read)));
            latencies[i].Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            Interlocked.Increment(ref requests);
            return 1;
        });
        double cpu = meter.Cpu.TotalMicroseconds / requests;
        double[] all = [.. latencies.SelectMany(one => one).Order()];
        results.Add(name, "requests/s", rate);
        results.Add(name + ", p99", "µs", all[(int)(all.Length * 0.99)]);
        results.Add(name + ", processor time with the generator's", "µs a request", cpu);
        Array.ForEach(sockets, socket => socket.Dispose());
    }

    /// <summary>The answer is chunked or has a length; both end in the one digit that the endpoint gives.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer) => answer.IndexOf("\r\n\r\n"u8) is >= 0 and var head && answer[(head + 4)..].IndexOf((byte)'7') >= 0;
}
