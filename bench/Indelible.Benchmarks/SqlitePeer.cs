using System.Text;
using Indelible.Cli.Bench;
using Microsoft.Data.Sqlite;

namespace Indelible.Benchmarks;

/// <summary>SQLite in this process, WAL, every commit synced: a table of texts, which proves nothing.</summary>
internal sealed class SqlitePeer : IMeasuredPart
{
    /// <summary>One insert a transaction.</summary>
    public const string Single = "SQLite WAL FULL, single inserts, 1 client";

    /// <summary>A thousand inserts a transaction.</summary>
    public const string Batches = "SQLite WAL FULL, batches of 1,000, 1 client";

    private readonly SuitePlan _plan;
    private readonly SqliteConnection _database;
    private readonly SqliteCommand _insert;
    private readonly BenchEvents _events = Workload.Events(1);
    private readonly byte[] _json = new byte[Workload.EventBytes];
    private long _number;

    public SqlitePeer(SuitePlan plan, string folder)
    {
        _plan = plan;
        Directory.CreateDirectory(folder);
        _database = new SqliteConnection($"Data Source={Path.Combine(folder, "peer.db")};Pooling=False");
        _database.Open();
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("CREATE TABLE events (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
        _insert = _database.CreateCommand();
        _insert.CommandText = "INSERT INTO events (body) VALUES ($body)";
        _insert.Parameters.Add("$body", SqliteType.Text);
        _insert.Prepare();
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        results.Add(Single, "events/s", await Workload.RateAsync(1, _plan.Duration, _ => Task.FromResult(Insert())));
        results.Add(Batches, "events/s", await Workload.RateAsync(1, _plan.Duration, _ => Task.FromResult(InsertBatch())));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _insert.Dispose();
        return _database.DisposeAsync();
    }

    private int InsertBatch()
    {
        using SqliteTransaction transaction = _database.BeginTransaction();
        _insert.Transaction = transaction;
        for (int i = 0; i < 1_000; i++)
        {
            Insert();
        }

        transaction.Commit();
        _insert.Transaction = null;
        return 1_000;
    }

    private int Insert()
    {
        _events.Write(_number++, _json);
        _insert.Parameters[0].Value = Encoding.UTF8.GetString(_json);
        return _insert.ExecuteNonQuery();
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
