using DuckDB.NET.Data;

namespace Indelible.SearchBench;

/// <summary>DuckDB in this process: one table of columns, the entry as JSON beside them. It has no index that finds: it scans, on all processors.</summary>
internal sealed class DuckDbEngine : SqlEngine
{
    private readonly string _path;
    private bool _isCreated;

    /// <param name="folder">Where the database goes.</param>
    public DuckDbEngine(string folder)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, "events.duckdb");
    }

    /// <summary>Why it cannot be measured here, or null where it can.</summary>
    public static string? WhyNot()
    {
        try
        {
            using var connection = new DuckDBConnection("Data Source=:memory:");
            connection.Open();
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            return $"its native library is not there ({e.Message})";
        }
    }

    /// <inheritdoc/>
    public override string Name => "DuckDB";

    /// <inheritdoc/>
    protected override string Division => "//";

    /// <inheritdoc/>
    public override Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken)
    {
        if (!_isCreated)
        {
            Execute("CREATE TABLE events (number BIGINT NOT NULL, time BIGINT NOT NULL, id VARCHAR NOT NULL, actor VARCHAR NOT NULL, target VARCHAR, ip VARCHAR, action VARCHAR NOT NULL, words VARCHAR NOT NULL, body JSON NOT NULL)");
            _isCreated = true;
        }

        using DuckDBAppender appender = ((DuckDBConnection)Connection!).CreateAppender("events");
        long number = chunk.First;
        foreach (ReadOnlyMemory<byte> entry in chunk.Clear)
        {
            var row = EventRow.Of(number++, entry.Span);
            appender.CreateRow()
                .AppendValue(row.Number).AppendValue(row.Time).AppendValue(row.Id).AppendValue(row.Actor).AppendValue(row.Target)
                .AppendValue(row.Ip).AppendValue(row.Action).AppendValue(row.Words).AppendValue(row.Body).EndRow();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken)
    {
        Execute("CHECKPOINT");
        return Task.FromResult((new FileInfo(_path).Length, "appended in batches of 65,536; words are found by scanning the text of each event's words"));
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        Connection = new DuckDBConnection($"Data Source={_path}");
        await Connection.OpenAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override string ParameterName(int place) => "";

    /// <inheritdoc/>
    protected override SqlQuestion SqlOf(Question question) => question.Kind switch
    {
        QuestionKind.Id => SqlQuestion.Where("id = $1", question.First),
        QuestionKind.ActorDay => SqlQuestion.Where("actor = $1 AND time >= $2 AND time < $3", question.First, question.From, question.To),
        QuestionKind.Target => SqlQuestion.Where("target = $1", question.First),
        QuestionKind.Address => SqlQuestion.Where("ip = $1", question.First),
        QuestionKind.Newest => SqlQuestion.Where("true"),
        QuestionKind.DataPath => SqlQuestion.Where("(body ->> '$.data.tenant') = $1 AND (body ->> '$.data.result') = $2", question.First, question.Second),
        QuestionKind.Substring or QuestionKind.HexSubstring => SqlQuestion.Where("contains(body, $1)", question.First),
        QuestionKind.RareWord or QuestionKind.CommonWord => SqlQuestion.Where("contains(words, $1)", $" {question.First} "),
        QuestionKind.TwoCommonWords => SqlQuestion.Where("contains(words, $1) AND contains(words, $2)", $" {question.First} ", $" {question.Second} "),
        QuestionKind.Phrase => SqlQuestion.Where("contains(words, $1)", $" {question.First} {question.Second} "),
        _ => throw new InvalidOperationException($"No statement for {question.Kind}."),
    };
}
