using System.Globalization;
using Indelible.Benchmarks;
using Npgsql;
using NpgsqlTypes;

namespace Indelible.SearchBench;

/// <summary>PostgreSQL over its socket: a table with the entry as <c>jsonb</c>, four indexes on columns, one on its words and one on the whole of its JSON.</summary>
internal sealed class PostgresEngine : SqlEngine
{
    private static readonly string[] s_indexes =
    [
        "CREATE INDEX by_id ON events (id)",
        "CREATE INDEX by_actor ON events (actor, time)",
        "CREATE INDEX by_target ON events (target, number)",
        "CREATE INDEX by_ip ON events (ip, number)",
        "CREATE INDEX by_terms ON events USING gin (terms)",
        "CREATE INDEX by_body ON events USING gin (body jsonb_path_ops)",
    ];

    /// <summary>Settings of a server with a machine's worth of memory; compilation of statements is off, which would cost short ones dear.</summary>
    public static IReadOnlyList<string> Settings { get; } =
        ["shared_buffers=2GB", "effective_cache_size=12GB", "work_mem=64MB", "maintenance_work_mem=1GB", "max_wal_size=16GB", "random_page_cost=1.1", "jit=off"];

    private readonly PostgresServer _server;
    private readonly bool _indexesLast;
    private bool _isCreated;

    /// <param name="server">A server of its own, running.</param>
    /// <param name="indexesLast">Whether the indexes are made when everything is loaded.</param>
    public PostgresEngine(PostgresServer server, bool indexesLast)
    {
        _server = server;
        _indexesLast = indexesLast;
    }

    /// <inheritdoc/>
    public override string Name => "PostgreSQL 15";

    /// <inheritdoc/>
    public override async Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken)
    {
        if (!_isCreated)
        {
            Create();
        }

        await using NpgsqlBinaryImporter import = await ((NpgsqlConnection)Connection!).BeginBinaryImportAsync(
            "COPY events (number, time, id, actor, target, ip, action, words, body) FROM STDIN (FORMAT BINARY)", cancellationToken);
        import.Timeout = TimeSpan.Zero;
        long number = chunk.First;
        foreach (ReadOnlyMemory<byte> entry in chunk.Clear)
        {
            var row = EventRow.Of(number++, entry.Span);
            import.StartRow();
            import.Write(row.Number);
            import.Write(row.Time);
            foreach (string? text in (ReadOnlySpan<string?>)[row.Id, row.Actor, row.Target, row.Ip, row.Action, row.Words])
            {
                if (text is null)
                {
                    import.WriteNull();
                }
                else
                {
                    import.Write(text, NpgsqlDbType.Text);
                }
            }

            import.Write(row.Body, NpgsqlDbType.Jsonb);
        }

        await import.CompleteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken)
    {
        if (_indexesLast)
        {
            Execute(s_indexes);
        }

        // Also merges what the indexes of words and of JSON have put off.
        Execute("VACUUM (ANALYZE) events", "CHECKPOINT");
        return Task.FromResult((Scalar("SELECT pg_total_relation_size('events')"), _indexesLast ? "COPY, and the indexes made afterwards, which nobody could who searches meanwhile" : "COPY into the indexed table, and a vacuum"));
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (!_server.IsRunning)
        {
            await _server.StartAsync(cancellationToken);
        }

        var settings = new NpgsqlConnectionStringBuilder(_server.SocketConnection) { MaxAutoPrepare = 0, Pooling = false, CommandTimeout = 0 };
        Connection = new NpgsqlConnection(settings.ConnectionString);
        await Connection.OpenAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task CloseAsync()
    {
        await base.CloseAsync();
        if (_server.IsRunning)
        {
            await _server.StopAsync("fast");
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override string ParameterName(int place) => "";

    /// <inheritdoc/>
    protected override SqlQuestion SqlOf(Question question) => question.Kind switch
    {
        QuestionKind.Id => SqlQuestion.Where("id = $1", question.First),
        QuestionKind.ActorDay => SqlQuestion.Where("actor = $1 AND time >= $2 AND time < $3", "time DESC, number DESC", [question.First, question.From, question.To]),
        QuestionKind.Target => SqlQuestion.Where("target = $1", question.First),
        QuestionKind.Address => SqlQuestion.Where("ip = $1", question.First),
        QuestionKind.Newest => SqlQuestion.Where("true"),
        QuestionKind.DataPath => SqlQuestion.Where("body @> $1::text::jsonb", string.Create(CultureInfo.InvariantCulture, $$$"""{"data":{"tenant":"{{{question.First}}}","result":"{{{question.Second}}}"}}""")),
        QuestionKind.Substring or QuestionKind.HexSubstring => SqlQuestion.Where("strpos(body::text, $1) > 0", question.First),
        QuestionKind.RareWord or QuestionKind.CommonWord => SqlQuestion.Where("terms @@ plainto_tsquery('simple', $1)", question.First),
        QuestionKind.TwoCommonWords => SqlQuestion.Where("terms @@ plainto_tsquery('simple', $1)", $"{question.First} {question.Second}"),
        QuestionKind.Phrase => SqlQuestion.Where("terms @@ phraseto_tsquery('simple', $1)", $"{question.First} {question.Second}"),
        _ => throw new InvalidOperationException($"No statement for {question.Kind}."),
    };

    private void Create()
    {
        // The words come as text and stay as terms alone, as whoever keeps the text elsewhere would have it.
        Execute(
            "CREATE TABLE events (number bigint PRIMARY KEY, time bigint NOT NULL, id text NOT NULL, actor text NOT NULL, target text, ip text, action text NOT NULL, words text, terms tsvector, body jsonb NOT NULL)",
            """
            CREATE FUNCTION take_terms() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.terms := to_tsvector('simple', NEW.words);
                NEW.words := NULL;
                RETURN NEW;
            END $$
            """,
            "CREATE TRIGGER take_terms BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION take_terms()");
        if (!_indexesLast)
        {
            Execute(s_indexes);
        }

        _isCreated = true;
    }
}
