using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>What a finished process left.</summary>
internal sealed record Finished(int Code, string Output, string Errors)
{
    public Finished ShouldEnd(int code)
    {
        Assert.True(Code == code, $"ended with {Code}, not {code}\n{Output}\n{Errors}");
        return this;
    }
}

/// <summary>Runs the built command and other programs.</summary>
internal static class Command
{
    public static string Metadata(string name) =>
        typeof(Command).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == name).Value!;

    public static Task<Finished> RunAsync(params string[] arguments) => ProgramAsync(Metadata("Command"), null, arguments);

    public static async Task<Finished> ProgramAsync(string program, string? input, params string[] arguments)
    {
        using Process process = Start(program, arguments, input is not null);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(timeout.Token);
        return new Finished(process.ExitCode, await output, await errors);
    }

    public static Process Start(string program, IEnumerable<string> arguments, bool withInput = false, IEnumerable<(string Name, string Value)>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = withInput };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("INDELIBLE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>The real server on a folder of its own, started and killed at will.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly (string, string)[] s_small = [("INDELIBLE_JOURNAL_FILE_BYTES", "65536"), ("INDELIBLE_JOURNAL_FILES_KEPT", "2"), ("INDELIBLE_SEAL_INTERVAL_MS", "20")];
    private Process? _process;
    private Task<string> _errors = Task.FromResult("");

    public string Folder { get; } = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public string Data { get => field ?? Path.Combine(Folder, "data"); private init; }

    /// <summary>The folder of the checkpoint store, where it is not in the data folder.</summary>
    public string? Checkpoints { get; private init; }

    /// <summary>Further variables of the next process's environment.</summary>
    public IReadOnlyList<(string Name, string Value)> Variables { get; set; } = [];

    /// <summary>How many files the next process may have open; null for as many as this one.</summary>
    public int? MostFiles { get; set; }

    /// <summary>Bytes of memory that the process has in use, as Linux counts them.</summary>
    public long MemoryBytes
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64;
        }
    }

    public string Url { get; } = $"http://127.0.0.1:{Command.FreePort()}";

    public string Vkey { get; private set; } = "";

    public string ReceiptsVkey { get; private set; } = "";

    public string AdminKey { get; private set; } = "";

    public string WriterKey { get; private set; } = "";

    public string ReaderKey { get; private set; } = "";

    public static async Task<ServerProcess> CreateAsync()
    {
        var server = new ServerProcess();
        Finished made = (await Command.RunAsync("init", "--data", server.Data, "--segment-size", "256", "--json")).ShouldEnd(0);
        using JsonDocument json = JsonDocument.Parse(made.Output);
        server.Vkey = json.RootElement.GetProperty("logs").EnumerateArray().Single(log => log.GetProperty("name").GetString() == "main").GetProperty("vkey").GetString()!;
        server.ReceiptsVkey = json.RootElement.GetProperty("receipts_vkey").GetString()!;
        server.AdminKey = json.RootElement.GetProperty("admin_key").GetString()!;
        await server.StartAsync();
        server.WriterKey = await server.NewKeyAsync("writer");
        server.ReaderKey = await server.NewKeyAsync("reader");
        return server;
    }

    /// <summary>Starts a server on a folder that was restored from a backup of this one's, or is a copy of it.</summary>
    public async Task<ServerProcess> SucceedAsync(string data, string? checkpoints, params string[] flags)
    {
        var server = new ServerProcess
        {
            Data = data,
            Checkpoints = checkpoints,
            Vkey = Vkey,
            ReceiptsVkey = ReceiptsVkey,
            AdminKey = AdminKey,
            WriterKey = WriterKey,
            ReaderKey = ReaderKey,
        };
        await server.StartAsync(flags);
        return server;
    }

    public async Task StartAsync(params string[] flags)
    {
        Launch(flags);
        Assert.StartsWith("Indelible serves", await _process!.StandardOutput.ReadLineAsync() ?? "(nothing)", StringComparison.Ordinal);
    }

    /// <summary>Starts the process and waits for nothing.</summary>
    public void Launch(params string[] flags)
    {
        string[] store = Checkpoints is null ? [] : ["--checkpoint-folder", Checkpoints];
        string[] serve = [Command.Metadata("Command"), "serve", "--data", Data, "--urls", Url, "--log-level", "Warning", .. store, .. flags];
        _process = MostFiles is { } files
            ? Command.Start("/bin/sh", ["-c", $"ulimit -n {files} && exec \"$0\" \"$@\"", .. serve], environment: [.. s_small, .. Variables])
            : Command.Start(serve[0], serve[1..], environment: [.. s_small, .. Variables]);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the process that has ended wrote to standard error.</summary>
    public Task<string> ErrorsAsync() => _errors;

    public bool HasExited => _process!.HasExited;

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, as a service manager would.</summary>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        await _process!.WaitForExitAsync();
        return _process.ExitCode;
    }

    public Task SignalAsync(string signal) => Command.ProgramAsync("/bin/kill", null, "-" + signal, $"{_process!.Id}");

    public HttpClient Client(string key) => new() { BaseAddress = new Uri(Url), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    public static StringContent Events(params IEnumerable<string> ids) => new(
        string.Join('\n', ids.Select(id => $$$"""{"schema":"audit/1","id":"{{{id}}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"tests"}}""")),
        Encoding.UTF8,
        "application/x-ndjson");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Makes a key that may rotate the keys that sign.</summary>
    public async Task<string> NewCustodianAsync() =>
        (await Command.RunAsync("keys", "create", "--role", "custodian", "--log", "*", "--url", Url, "--key", AdminKey)).ShouldEnd(0).Output.Split('\n')[0];

    public async Task<string> NewKeyAsync(string kind)
    {
        Finished made = (await Command.RunAsync("keys", "create", "--kind", kind, "--log", "main", "--url", Url, "--key", AdminKey, "--json")).ShouldEnd(0);
        using JsonDocument json = JsonDocument.Parse(made.Output);
        Assert.Equal(["id", "key"], json.RootElement.EnumerateObject().Select(member => member.Name));
        return json.RootElement.GetProperty("key").GetString()!;
    }
}
