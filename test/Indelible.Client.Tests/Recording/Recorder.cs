using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary>Another process that records, which can be killed.</summary>
internal sealed class Recorder : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;

    private Recorder(Process process)
    {
        _process = process;
        _reading = ReadAsync();
        Errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Ids that RecordAsync returned for.</summary>
    public ConcurrentDictionary<string, bool> Recorded { get; } = new();

    /// <summary>Ids that it threw for, being sure that they are not logged.</summary>
    public ConcurrentDictionary<string, bool> Refused { get; } = new();

    /// <summary>Ids that it threw for, not being sure.</summary>
    public ConcurrentDictionary<string, bool> Unknown { get; } = new();

    public bool HasEnded { get; private set; }

    public Task<string> Errors { get; }

    public static Recorder Start(
        ServerProcess server, string url, string spool, DeliveryMode mode, string prefix, int count, int callers, WhenSpoolFull whenFull = WhenSpoolFull.Block, int fileBlocks = 0,
        IEnumerable<(string Name, string Value)>? environment = null)
    {
        string program = BlackBox.Tests.Command.Metadata("Recorder");
        string[] arguments =
        [
            url, server.WriterKey, server.Vkey, server.ReceiptsVkey, spool, mode.ToString(), prefix,
            count.ToString(CultureInfo.InvariantCulture), callers.ToString(CultureInfo.InvariantCulture), whenFull.ToString(),
        ];

        // A limit on file sizes is a full disk that needs no disk. Its signal must be ignored for the write to fail instead, and the
        // runtime must not map its code by way of a file.
        return new Recorder(fileBlocks == 0
            ? BlackBox.Tests.Command.Start(program, arguments, environment: environment)
            : BlackBox.Tests.Command.Start("/bin/sh", ["-c", $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f {fileBlocks}; exec \"$0\" \"$@\"", program, .. arguments], environment: environment));
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
    }

    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "recorded":
                    Recorded[words[1]] = true;
                    break;
                case "refused":
                    Refused[words[1]] = true;
                    break;
                case "unknown":
                    Unknown[words[1]] = true;
                    break;
                case "ended":
                    HasEnded = true;
                    break;
            }
        }
    }
}
