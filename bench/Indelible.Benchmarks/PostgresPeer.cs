using System.Text;
using Indelible.Cli.Bench;
using Npgsql;

namespace Indelible.Benchmarks;

/// <summary>A PostgreSQL of its own in a temporary folder, every commit synced: a plain table, and the hash chain by trigger that people build.</summary>
internal sealed class PostgresPeer : IMeasuredPart
{
    /// <summary>The hand-made hash chain on 64 connections.</summary>
    public const string Chain = "PostgreSQL 15 with a hash-chain trigger, single inserts, 64 connections";

    /// <summary>COPY on four connections.</summary>
    public const string Copy = "PostgreSQL 15, COPY of 1,000 rows, 4 connections";

    private readonly SuitePlan _plan;
    private readonly PostgresServer _server;
    private readonly NpgsqlDataSource _source;
    private readonly BenchEvents _events = Workload.Events(1);
    private long _number;

    private PostgresPeer(SuitePlan plan, PostgresServer server, NpgsqlDataSource source)
    {
        _plan = plan;
        _server = server;
        _source = source;
    }

    /// <summary>The name of the measurement of single inserts into a plain table.</summary>
    public static string Single(int connections) => $"PostgreSQL 15, single inserts, {connections} connection{(connections == 1 ? "" : "s")}";

    /// <summary>Makes and starts a server, or explains why there is none.</summary>
    public static async Task<IMeasuredPart> OpenAsync(SuitePlan plan, string folder, Results results, CancellationToken cancellationToken)
    {
        (PostgresServer? server, string why) = await PostgresServer.CreateAsync(folder, ["shared_buffers=512MB", "max_wal_size=4GB"], cancellationToken);
        if (server is null)
        {
            results.Note($"PostgreSQL was not measured: {why}.");
            return new Nothing();
        }

        var connection = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = server.Port, Username = PostgresServer.Account, Database = PostgresServer.Account, MaxPoolSize = 80, MaxAutoPrepare = 10, AutoPrepareMinUsages = 2 };
        var peer = new PostgresPeer(plan, server, NpgsqlDataSource.Create(connection));
        await peer.ExecuteAsync("""
            CREATE TABLE plain (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL);
            CREATE TABLE chained (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL, hash bytea NOT NULL);
            CREATE FUNCTION chain() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE previous bytea;
            BEGIN
                PERFORM pg_advisory_xact_lock(1);
                SELECT hash INTO previous FROM chained ORDER BY number DESC LIMIT 1;
                NEW.number := nextval(pg_get_serial_sequence('chained', 'number'));
                NEW.hash := sha256(coalesce(previous, ''::bytea) || convert_to(NEW.body, 'UTF8'));
                RETURN NEW;
            END $$;
            CREATE TRIGGER chain BEFORE INSERT ON chained FOR EACH ROW EXECUTE FUNCTION chain();
            """, cancellationToken);
        return peer;
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        foreach (int connections in (int[])[1, 16, 64])
        {
            results.Add(Single(connections), "events/s", await RateAsync(connections, "INSERT INTO plain (body) VALUES ($1)", cancellationToken));
        }

        results.Add(Chain, "events/s", await RateAsync(64, "INSERT INTO chained (body) VALUES ($1)", cancellationToken));
        results.Add(Copy, "events/s", await CopyRateAsync(4, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task<double> RateAsync(int connections, string sql, CancellationToken cancellationToken)
    {
        NpgsqlConnection[] opened = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => _source.OpenConnectionAsync(cancellationToken).AsTask()));
        try
        {
            return await Workload.RateAsync(connections, _plan.Duration, async i =>
            {
                await using var insert = new NpgsqlCommand(sql, opened[i]);
                insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = NextBody() });
                return await insert.ExecuteNonQueryAsync(cancellationToken);
            });
        }
        finally
        {
            await Task.WhenAll(opened.Select(connection => connection.DisposeAsync().AsTask()));
        }
    }

    private Task<double> CopyRateAsync(int connections, CancellationToken cancellationToken) => Workload.RateAsync(connections, _plan.Duration, async _ =>
    {
        await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken);
        await using NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync("COPY plain (body) FROM STDIN (FORMAT BINARY)", cancellationToken);
        for (int i = 0; i < 1_000; i++)
        {
            await import.StartRowAsync(cancellationToken);
            await import.WriteAsync(NextBody(), cancellationToken);
        }

        return (int)await import.CompleteAsync(cancellationToken);
    });

    private string NextBody()
    {
        Span<byte> json = stackalloc byte[Workload.EventBytes];
        _events.Write(Interlocked.Increment(ref _number), json);
        return Encoding.UTF8.GetString(json);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed class Nothing : IMeasuredPart
    {
        public Task MeasureAsync(Results results, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
