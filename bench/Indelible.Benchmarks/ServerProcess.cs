using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.Benchmarks;

/// <summary>A server as a child process, on a new data folder.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly string _command;
    private readonly string _adminKey;

    private ServerProcess(string command, Process process, Uri url, string adminKey)
    {
        _command = command;
        Process = process;
        Url = url;
        _adminKey = adminKey;
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Makes a data folder with logs and starts a server on it.</summary>
    public static async Task<ServerProcess> StartAsync(string command, string folder, IReadOnlyList<string> logs, CancellationToken cancellationToken, params string[] options)
    {
        string adminKey = await ReadAsync(command, "admin_key", ["init", "--data", folder, .. logs.SelectMany(log => (string[])["--log", log]), "--json"], cancellationToken);
        Process server = Start(command, ["serve", "--data", folder, "--urls", "http://127.0.0.1:0", "--log-level", "Error", .. options]);
        string? line = await server.StandardOutput.ReadLineAsync(cancellationToken);
        string url = AddressPattern().Match(line ?? "").Value;
        return url.Length > 0
            ? new ServerProcess(command, server, new Uri(url), adminKey)
            : throw new InvalidOperationException("The server did not start: " + await server.StandardError.ReadToEndAsync(cancellationToken));
    }

    /// <summary>Makes a writer's key for a log.</summary>
    public Task<string> NewWriterAsync(string log, CancellationToken cancellationToken) => ReadAsync(
        _command, "key", ["keys", "create", "--kind", "writer", "--log", log, "--url", Url.ToString(), "--key", _adminKey, "--json"], cancellationToken);

    /// <summary>Makes a key that reads a log, personal values included.</summary>
    public Task<string> NewReaderAsync(string log, CancellationToken cancellationToken) => ReadAsync(
        _command, "key", ["keys", "create", "--role", "analyst", "--personal", "shown", "--log", log, "--url", Url.ToString(), "--key", _adminKey, "--json"], cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Process.Kill();
        Process.WaitForExit();
        Process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Process Start(string command, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<string> ReadAsync(string command, string property, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Start(command, arguments);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{arguments[0]} failed: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
        }

        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty(property).GetString()!;
    }

    [GeneratedRegex("http://[0-9.:]+[0-9]")]
    private static partial Regex AddressPattern();
}
