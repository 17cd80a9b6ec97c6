using System.Data.Common;

namespace Indelible.SearchBench;

/// <summary>An engine that is asked in SQL, with statements prepared once.</summary>
internal abstract class SqlEngine : ISearchEngine
{
    private readonly Dictionary<string, DbCommand> _prepared = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Detail> Details { get; } = [Detail.Find, Detail.Read, Detail.Page];

    /// <summary>Divides whole numbers.</summary>
    protected virtual string Division => "/";

    /// <summary>The open connection.</summary>
    protected DbConnection? Connection { get; set; }

    /// <inheritdoc/>
    public abstract Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public virtual async Task CloseAsync()
    {
        foreach (DbCommand command in _prepared.Values)
        {
            await command.DisposeAsync();
        }

        _prepared.Clear();
        if (Connection is not null)
        {
            await Connection.DisposeAsync();
            Connection = null;
        }
    }

    /// <inheritdoc/>
    public void Begin(Detail detail, bool isTimed)
    {
        // What a database keeps, it keeps anyway.
    }

    /// <inheritdoc/>
    public Task<Answer> AskAsync(Question question, Detail detail, CancellationToken cancellationToken)
    {
        SqlQuestion sql = SqlOf(question);
        var rows = new List<long>(Question.PageRows);
        long bytes = 0;
        using (DbDataReader reader = Prepare(detail == Detail.Find ? sql.Rows : sql.Bodies, sql.Arguments).ExecuteReader())
        {
            while (reader.Read())
            {
                rows.Add(reader.GetInt64(0));
                bytes += detail == Detail.Find ? 0 : reader.GetString(1).Length;
            }
        }

        long total = detail == Detail.Page ? -1 : Convert.ToInt64(Prepare(sql.Total, sql.Arguments).ExecuteScalar(), null);
        return Task.FromResult(new Answer(rows, total, bytes));
    }

    /// <inheritdoc/>
    public Task<CountAnswer> CountAsync(CountQuestion question, CancellationToken cancellationToken)
    {
        string sql = question.Kind switch
        {
            CountKind.ByHour => $"SELECT time {Division} 3600000, count(*) FROM events GROUP BY 1 ORDER BY 1",
            CountKind.ByAction => Top("action", "true"),
            CountKind.TopActorsOfAction => Top("actor", "action = $1"),
            CountKind.TopTargets => Top("target", "target IS NOT NULL"),
            _ => throw new InvalidOperationException($"No statement for {question.Kind}."),
        };
        var counts = new List<(string, long)>();
        using DbDataReader reader = Prepare(sql, question.Kind == CountKind.TopActorsOfAction ? [question.Action] : []).ExecuteReader();
        while (reader.Read())
        {
            string name = question.Kind == CountKind.ByHour ? (Convert.ToInt64(reader.GetValue(0), null) * 3_600_000).ToString(provider: null) : reader.GetString(0);
            counts.Add((name, reader.GetInt64(1)));
        }

        return Task.FromResult(new CountAnswer(counts));

        static string Top(string column, string condition) =>
            $"SELECT {column}, count(*) FROM events WHERE {condition} GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {CountQuestion.Top}";
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>The question in this dialect.</summary>
    protected abstract SqlQuestion SqlOf(Question question);

    /// <summary>Names the parameter of a place, from 1: the name that the driver wants, or none.</summary>
    protected abstract string ParameterName(int place);

    /// <summary>Runs statements that answer nothing.</summary>
    protected void Execute(params ReadOnlySpan<string> statements)
    {
        foreach (string statement in statements)
        {
            using DbCommand command = Connection!.CreateCommand();
            command.CommandText = statement;
            command.CommandTimeout = 0;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>The one value that a statement gives.</summary>
    protected long Scalar(string statement) => Convert.ToInt64(Prepare(statement, []).ExecuteScalar(), null);

    private DbCommand Prepare(string sql, IReadOnlyList<object> arguments)
    {
        if (!_prepared.TryGetValue(sql, out DbCommand? command))
        {
            command = Connection!.CreateCommand();
            command.CommandText = sql;
            command.CommandTimeout = 0;
            for (int i = 0; i < arguments.Count; i++)
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = ParameterName(i + 1);
                parameter.Value = arguments[i];
                command.Parameters.Add(parameter);
            }

            command.Prepare();
            _prepared.Add(sql, command);
            return command;
        }

        for (int i = 0; i < arguments.Count; i++)
        {
            command.Parameters[i].Value = arguments[i];
        }

        return command;
    }
}
