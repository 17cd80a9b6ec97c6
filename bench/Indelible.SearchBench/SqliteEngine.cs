using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Indelible.SearchBench;

/// <summary>SQLite in this process: a table with the entry as JSON, five indexes, and the words in FTS5, which keeps no text of its own.</summary>
internal sealed class SqliteEngine : SqlEngine
{
    private readonly string _path;
    private SqliteCommand? _insertEvent;
    private SqliteCommand? _insertWords;

    /// <param name="folder">Where the database goes.</param>
    public SqliteEngine(string folder)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, "events.db");
    }

    /// <inheritdoc/>
    public override string Name => "SQLite FTS5";

    /// <inheritdoc/>
    public override Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken)
    {
        if (_insertEvent is null)
        {
            Create();
        }

        using var transaction = (SqliteTransaction)Connection!.BeginTransaction();
        _insertEvent!.Transaction = _insertWords!.Transaction = transaction;
        long number = chunk.First;
        foreach (ReadOnlyMemory<byte> entry in chunk.Clear)
        {
            var row = EventRow.Of(number++, entry.Span);
            object[] values = [row.Number, row.Time, row.Id, row.Actor, row.Target ?? (object)DBNull.Value, row.Ip ?? (object)DBNull.Value, row.Action, row.Body];
            for (int i = 0; i < values.Length; i++)
            {
                _insertEvent.Parameters[i].Value = values[i];
            }

            _insertEvent.ExecuteNonQuery();
            _insertWords.Parameters[0].Value = row.Number;
            _insertWords.Parameters[1].Value = row.Words;
            _insertWords.ExecuteNonQuery();
        }

        transaction.Commit();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken)
    {
        _insertEvent!.Dispose();
        _insertWords!.Dispose();
        Execute("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)");
        return Task.FromResult((new FileInfo(_path).Length, "write-ahead log, synced when it is merged; one transaction for each 65,536 events"));
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        Connection = new SqliteConnection($"Data Source={_path};Pooling=False");
        await Connection.OpenAsync(cancellationToken);
        Execute("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA cache_size = -524288", "PRAGMA mmap_size = 34359738368", "PRAGMA temp_store = MEMORY");
    }

    /// <inheritdoc/>
    protected override string ParameterName(int place) => string.Create(CultureInfo.InvariantCulture, $"${place}");

    /// <inheritdoc/>
    protected override SqlQuestion SqlOf(Question question) => question.Kind switch
    {
        QuestionKind.Id => SqlQuestion.Where("id = $1", question.First),
        QuestionKind.ActorDay => SqlQuestion.Where("actor = $1 AND time >= $2 AND time < $3", "time DESC, number DESC", [question.First, question.From, question.To]),
        QuestionKind.Target => SqlQuestion.Where("target = $1", question.First),
        QuestionKind.Address => SqlQuestion.Where("ip = $1", question.First),
        QuestionKind.Newest => SqlQuestion.Where("true"),
        QuestionKind.DataPath => SqlQuestion.Where("(body ->> '$.data.tenant') = $1 AND (body ->> '$.data.result') = $2", question.First, question.Second),
        QuestionKind.Substring or QuestionKind.HexSubstring => SqlQuestion.Where("instr(body, $1) > 0", question.First),
        QuestionKind.RareWord or QuestionKind.CommonWord => Words(question.First),
        QuestionKind.TwoCommonWords => Words($"{question.First} AND {question.Second}"),
        QuestionKind.Phrase => Words($"\"{question.First} {question.Second}\""),
        _ => throw new InvalidOperationException($"No statement for {question.Kind}."),
    };

    private static SqlQuestion Words(string match)
    {
        string rows = $"SELECT rowid FROM words WHERE words MATCH $1 ORDER BY rowid DESC LIMIT {Question.PageRows}";
        return new SqlQuestion(rows, $"SELECT number, body FROM events WHERE number IN ({rows}) ORDER BY number DESC", "SELECT count(*) FROM words WHERE words MATCH $1", match);
    }

    private void Create()
    {
        Execute(
            "CREATE TABLE events (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, id TEXT NOT NULL, actor TEXT NOT NULL, target TEXT, ip TEXT, action TEXT NOT NULL, body TEXT NOT NULL) STRICT",
            "CREATE INDEX by_id ON events (id)",
            "CREATE INDEX by_actor ON events (actor, time)",
            "CREATE INDEX by_target ON events (target)",
            "CREATE INDEX by_ip ON events (ip)",
            "CREATE INDEX by_action ON events (action)",
            "CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = \"unicode61 remove_diacritics 0\")");
        _insertEvent = Insert("INSERT INTO events VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", 8);
        _insertWords = Insert("INSERT INTO words (rowid, text) VALUES ($1, $2)", 2);
    }

    private SqliteCommand Insert(string sql, int values)
    {
        var command = (SqliteCommand)Connection!.CreateCommand();
        command.CommandText = sql;
        for (int i = 1; i <= values; i++)
        {
            command.Parameters.AddWithValue(ParameterName(i), DBNull.Value);
        }

        return command;
    }
}
