using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Indelible.Benchmarks;

/// <summary>A PostgreSQL of its own in a new folder, from Debian's package.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The account that owns it, in the system and in the database.</summary>
    public const string Account = "postgres";

    private const string Programs = "/usr/lib/postgresql/15/bin";
    private readonly string _folder;
    private readonly string _settings;

    private PostgresServer(string folder, int port, string settings)
    {
        _folder = folder;
        _settings = settings;
        Port = port;
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How to connect by its socket, as a connection string.</summary>
    public string SocketConnection => string.Create(CultureInfo.InvariantCulture, $"Host={_folder};Port={Port};Username={Account};Database={Account}");

    /// <summary>Whether it was started and not stopped since.</summary>
    public bool IsRunning { get; private set; }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Makes and starts a server, every commit synced.</summary>
    /// <param name="folder">A new folder, of a path that others may enter.</param>
    /// <param name="settings">Further settings, as <c>shared_buffers=512MB</c>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The server, or null and why there is none.</returns>
    public static async Task<(PostgresServer? Server, string Why)> CreateAsync(string folder, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(Programs, "initdb")))
        {
            return (null, $"there is none in {Programs}");
        }

        // PostgreSQL refuses to run as root; its package's account owns the folder then.
        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess && !await TryAsync("chown", ["-R", Account, folder], cancellationToken))
        {
            return (null, $"it does not run as root, and there is no account {Account}");
        }

        int port = FreePort();
        IEnumerable<string> all = [$"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c max_connections=100", .. settings];
        var server = new PostgresServer(folder, port, string.Join(" -c ", all));
        return await RunAsync("initdb", ["-D", server.Data, "-U", Account, "--auth=trust", "-E", "UTF8", "--no-locale"], cancellationToken) && await server.TryStartAsync(cancellationToken)
            ? (server, "")
            : (null, "it did not start");
    }

    /// <summary>Starts it again.</summary>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryStartAsync(cancellationToken))
        {
            throw new InvalidOperationException("PostgreSQL did not start again.");
        }
    }

    /// <summary>Stops it.</summary>
    /// <param name="mode"><c>fast</c>, with a checkpoint, or <c>immediate</c>.</param>
    public async Task StopAsync(string mode)
    {
        await RunAsync("pg_ctl", ["-D", Data, "-m", mode, "-w", "-t", "600", "stop"], CancellationToken.None);
        IsRunning = false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await StopAsync("immediate");
        }
    }

    private async Task<bool> TryStartAsync(CancellationToken cancellationToken) =>
        IsRunning = await RunAsync("pg_ctl", ["-D", Data, "-w", "-l", Path.Combine(_folder, "log"), "-o", _settings, "start"], cancellationToken);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task<bool> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Programs, program);
        return Environment.IsPrivilegedProcess ? TryAsync("runuser", ["-u", Account, "--", path, .. arguments], cancellationToken) : TryAsync(path, arguments, cancellationToken);
    }

    private static async Task<bool> TryAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // Not redirected to pipes: a started server keeps them open, and reading to their end would never end.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0;
    }
}
