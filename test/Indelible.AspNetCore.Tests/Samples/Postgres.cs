namespace Indelible.AspNetCore.Tests.Samples;

/// <summary>A PostgreSQL of its own in a temporary folder; the test is skipped where none is installed.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private const string Account = "postgres";
    private readonly string _programs;
    private readonly string _folder;
    private readonly int _port;

    private Postgres(string programs, string folder, int port)
    {
        _programs = programs;
        _folder = folder;
        _port = port;
    }

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username={Account};Database={Account};Pooling=false";

    public static async Task<Postgres> StartAsync()
    {
        string? programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(folder => Path.Combine(folder, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        Assert.SkipWhen(programs is null, "PostgreSQL is not installed");
        string folder = Directory.CreateTempSubdirectory("indelible-clinic-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root; its package's account owns the folder then.
            await Programs.RunAsync("chown", Account, folder);
        }

        var postgres = new Postgres(programs!, folder, Programs.FreePort());
        await postgres.RunAsync("initdb", "-D", postgres.Data, "-U", Account, "--auth=trust", "-E", "UTF8", "--no-locale", "-N");
        await postgres.RunAsync("pg_ctl", "-D", postgres.Data, "-w", "-l", Path.Combine(folder, "log"), "-o", $"-p {postgres._port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off", "start");
        return postgres;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private Task<string> RunAsync(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        return Environment.IsPrivilegedProcess
            ? Programs.RunAsync("runuser", ["-u", Account, "--", "sh", "-c", "cd / && exec \"$@\" >/dev/null 2>&1", "sh", path, .. arguments])
            : Programs.RunAsync("sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", path, .. arguments]);
    }
}
