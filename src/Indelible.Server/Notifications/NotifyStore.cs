using System.Runtime.InteropServices;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Microsoft.Data.Sqlite;

namespace Indelible.Server.Notifications;

/// <summary>What is to be told and was not, on disk: deliveries, and how far <c>_alerts</c> was read.</summary>
/// <remarks>
/// <para>
/// SQLite, as for the vault: deliveries change their state many times and in any order, and how far the log was read changes together with what came of it, or not at all. So a crash neither loses a
/// delivery nor makes it twice. What was taken is kept for some days, so that nothing makes it again.
/// </para>
/// <para>Thread-safe. Derived of <c>_alerts</c> and of what became of deliveries: without the file, nothing is known of what waited, and the log is followed from its end.</para>
/// </remarks>
internal sealed class NotifyStore : IDisposable
{
    private const int Queued = 0;
    private const int Sent = 1;
    private const int Dead = 2;
    private const int Needless = 3;
    private const long Version = 1;

    private const string Schema = """
        CREATE TABLE cursors (log TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
        CREATE TABLE deliveries (
            id TEXT PRIMARY KEY, destination TEXT NOT NULL, reason INTEGER NOT NULL, alert TEXT NOT NULL, log TEXT NOT NULL, entry INTEGER NOT NULL, raised INTEGER NOT NULL, since INTEGER NOT NULL,
            due INTEGER NOT NULL, attempts INTEGER NOT NULL, state INTEGER NOT NULL, ended INTEGER, problem TEXT, told INTEGER NOT NULL) STRICT;
        CREATE INDEX deliveries_due ON deliveries (destination, state, due);
        CREATE TABLE health (destination TEXT PRIMARY KEY, last_success INTEGER, last_failure INTEGER, problem TEXT) STRICT;
        PRAGMA user_version = 1;
        """;

    private const string Columns = "id, destination, reason, alert, log, entry, raised, due, since, attempts, problem, ended";

    private readonly Lock _lock = new();
    private readonly SqliteConnection _database;   // under _lock

    private NotifyStore(SqliteConnection database) => _database = database;

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="StorageException">It is damaged, of another version, or cannot be made.</exception>
    public static NotifyStore Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                // Made by us, so that it is never readable by others.
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                File.Open(path, options).Dispose();
            }

            RegularFile.Open(path, writable: true).Dispose();
            var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
            var store = new NotifyStore(database);
            try
            {
                database.Open();
                store.Execute("PRAGMA journal_mode = WAL");
                store.Execute("PRAGMA synchronous = FULL");
                store.Prepare(path);
                return store;
            }
            catch
            {
                store.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SqliteException or IOException and not StorageException or UnauthorizedAccessException)
        {
            throw new StorageException($"The notifications' file {path} cannot be used: {e.Message}. Moved away, it is made anew, and nothing is known of what waited in it.", StorageOutcome.Damaged, e);
        }
    }

    /// <summary>How far a log was read; null where nothing is known of it.</summary>
    public long? CursorOf(string log)
    {
        lock (_lock)
        {
            using SqliteCommand select = Command("SELECT next FROM cursors WHERE log = $log", ("$log", log));
            return select.ExecuteScalar() as long?;
        }
    }

    /// <summary>Whether it is known of any log how far it was read.</summary>
    public bool HasCursor
    {
        get
        {
            lock (_lock)
            {
                using SqliteCommand select = Command("SELECT count(*) FROM cursors");
                return select.ExecuteScalar() is > 0L;
            }
        }
    }

    /// <summary>Keeps how far a log was read and what came of it, both or neither. Of a destination that has too many waiting, the delivery is given up at once.</summary>
    public void Advance(string log, long next, IReadOnlyList<Delivery> deliveries, DateTimeOffset now) => InTransaction(() =>
    {
        var waiting = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Delivery delivery in deliveries)
        {
            ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(waiting, delivery.Destination, out bool isKnown);
            count = isKnown ? count : CountIn(delivery.Destination, Queued);
            bool isFull = count >= ServerLimits.NotifyQueue;
            using SqliteCommand insert = Command(
                """
                INSERT INTO deliveries (id, destination, reason, alert, log, entry, raised, since, due, attempts, state, ended, problem, told)
                VALUES ($id, $destination, $reason, $alert, $log, $entry, $raised, $since, $due, 0, $state, $ended, $problem, 0) ON CONFLICT DO NOTHING
                """,
                ("$id", delivery.Id), ("$destination", delivery.Destination), ("$reason", (long)delivery.Reason), ("$alert", delivery.Alert), ("$log", delivery.Log), ("$entry", delivery.Entry),
                ("$raised", Ticks(delivery.Raised)), ("$since", Ticks(delivery.Since)), ("$due", Ticks(delivery.Due)), ("$state", isFull ? Dead : Queued), ("$ended", isFull ? Ticks(now) : null),
                ("$problem", isFull ? $"{ServerLimits.NotifyQueue} others wait for this destination, as many as may" : null));
            int made = insert.ExecuteNonQuery();
            count += isFull ? 0 : made;
        }

        Execute("INSERT INTO cursors (log, next) VALUES ($log, $next) ON CONFLICT (log) DO UPDATE SET next = $next", ("$log", log), ("$next", next));
    });

    /// <summary>The delivery of a destination that is due first, whenever that is; null where none waits.</summary>
    public Delivery? NextOf(string destination) => ReadOne($"SELECT {Columns} FROM deliveries WHERE destination = $destination AND state = {Queued} ORDER BY due, rowid LIMIT 1", ("$destination", destination));

    /// <summary>One that was given up and of which no alert was entered yet; null where there is none.</summary>
    public Delivery? UntoldOf(string destination) => ReadOne($"SELECT {Columns} FROM deliveries WHERE destination = $destination AND state = {Dead} AND told = 0 ORDER BY ended LIMIT 1", ("$destination", destination));

    /// <summary>Says that an alert was entered of one that was given up.</summary>
    public void Told(string id)
    {
        lock (_lock)
        {
            Execute("UPDATE deliveries SET told = 1 WHERE id = $id", ("$id", id));
        }
    }

    /// <summary>It was taken.</summary>
    public void Taken(Delivery delivery, DateTimeOffset now) => InTransaction(() =>
    {
        Execute($"UPDATE deliveries SET state = {Sent}, ended = $now, problem = NULL WHERE id = $id", ("$now", Ticks(now)), ("$id", delivery.Id));
        Execute(
            "INSERT INTO health (destination, last_success) VALUES ($destination, $now) ON CONFLICT (destination) DO UPDATE SET last_success = $now",
            ("$destination", delivery.Destination), ("$now", Ticks(now)));
    });

    /// <summary>Nobody need be told any more.</summary>
    public void NotNeeded(Delivery delivery, DateTimeOffset now)
    {
        lock (_lock)
        {
            Execute($"UPDATE deliveries SET state = {Needless}, ended = $now WHERE id = $id", ("$now", Ticks(now)), ("$id", delivery.Id));
        }
    }

    /// <summary>It was not taken.</summary>
    /// <param name="delivery">Which.</param>
    /// <param name="now">When that was.</param>
    /// <param name="problem">Why.</param>
    /// <param name="due">When it is tried again; null for never.</param>
    /// <param name="giveUp">What else of this destination waits or is tried since this time or before is given up.</param>
    /// <returns>How many were given up.</returns>
    public int Failed(Delivery delivery, DateTimeOffset now, string problem, DateTimeOffset? due, DateTimeOffset giveUp)
    {
        int given = 0;
        InTransaction(() =>
        {
            Execute(
                "UPDATE deliveries SET since = CASE attempts WHEN 0 THEN $now ELSE since END, attempts = attempts + 1, problem = $problem, due = $due WHERE id = $id",
                ("$now", Ticks(now)), ("$problem", problem), ("$due", Ticks(due ?? now)), ("$id", delivery.Id));
            using (SqliteCommand end = Command(
                $"UPDATE deliveries SET state = {Dead}, ended = $now, problem = coalesce(problem, $problem) WHERE destination = $destination AND state = {Queued} AND (since <= $giveUp OR (id = $id AND $isLast))",
                ("$now", Ticks(now)), ("$problem", problem), ("$destination", delivery.Destination), ("$giveUp", Ticks(giveUp)), ("$id", delivery.Id), ("$isLast", due is null ? 1 : 0)))
            {
                given = end.ExecuteNonQuery();
            }

            Execute(
                "INSERT INTO health (destination, last_failure, problem) VALUES ($destination, $now, $problem) ON CONFLICT (destination) DO UPDATE SET last_failure = $now, problem = $problem",
                ("$destination", delivery.Destination), ("$now", Ticks(now)), ("$problem", problem));
        });
        return given;
    }

    /// <summary>How a destination does.</summary>
    public DestinationHealth HealthOf(string destination)
    {
        lock (_lock)
        {
            using SqliteCommand select = Command("SELECT last_success, last_failure, problem FROM health WHERE destination = $destination", ("$destination", destination));
            using SqliteDataReader row = select.ExecuteReader();
            bool isKnown = row.Read();
            return new DestinationHealth(
                CountIn(destination, Queued), CountIn(destination, Dead), isKnown ? TimeOf(row, 0) : null, isKnown ? TimeOf(row, 1) : null, isKnown && !row.IsDBNull(2) ? row.GetString(2) : null);
        }
    }

    /// <summary>Deliveries that were given up, the newest first.</summary>
    /// <param name="limit">How many.</param>
    public IReadOnlyList<Delivery> ReadDead(int limit)
    {
        lock (_lock)
        {
            using SqliteCommand select = Command($"SELECT {Columns} FROM deliveries WHERE state = {Dead} ORDER BY ended DESC, rowid DESC LIMIT $limit", ("$limit", limit));
            using SqliteDataReader row = select.ExecuteReader();
            var all = new List<Delivery>();
            while (row.Read())
            {
                all.Add(DeliveryOf(row));
            }

            return all;
        }
    }

    /// <summary>One that was given up; null where there is none of this id.</summary>
    public Delivery? FindDead(string id) => ReadOne($"SELECT {Columns} FROM deliveries WHERE id = $id AND state = {Dead}", ("$id", id));

    /// <summary>Queues one anew that was given up.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Retry(string id, DateTimeOffset now)
    {
        lock (_lock)
        {
            using SqliteCommand update = Command(
                $"UPDATE deliveries SET state = {Queued}, since = $now, due = $now, attempts = 0, ended = NULL, told = 0 WHERE id = $id AND state = {Dead}", ("$now", Ticks(now)), ("$id", id));
            return update.ExecuteNonQuery() > 0;
        }
    }

    /// <summary>Takes one away that was given up.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Drop(string id)
    {
        lock (_lock)
        {
            using SqliteCommand delete = Command($"DELETE FROM deliveries WHERE id = $id AND state = {Dead} AND told = 1", ("$id", id));
            return delete.ExecuteNonQuery() > 0;
        }
    }

    /// <summary>Gives up what waits for destinations that there are no more, and forgets what was taken long ago and what was given up beyond the bound.</summary>
    public void TidyUp(IReadOnlyCollection<string> destinations, DateTimeOffset now) => InTransaction(() =>
    {
        var names = new List<string>();
        using (SqliteCommand select = Command("SELECT DISTINCT destination FROM deliveries"))
        using (SqliteDataReader row = select.ExecuteReader())
        {
            while (row.Read())
            {
                names.Add(row.GetString(0));
            }
        }

        foreach (string name in names)
        {
            if (!destinations.Contains(name))
            {
                // Whoever took it out of the file knows: no alert is entered.
                Execute(
                    $"UPDATE deliveries SET state = {Dead}, ended = $now, problem = 'there is no such destination any more' WHERE destination = $name AND state = {Queued}", ("$now", Ticks(now)), ("$name", name));
                Execute("UPDATE deliveries SET told = 1 WHERE destination = $name", ("$name", name));
            }

            Execute(
                $"DELETE FROM deliveries WHERE rowid IN (SELECT rowid FROM deliveries WHERE destination = $name AND state = {Dead} AND told = 1 ORDER BY ended DESC LIMIT -1 OFFSET {ServerLimits.NotifyDead})",
                ("$name", name));
        }

        Execute($"DELETE FROM deliveries WHERE state IN ({Sent}, {Needless}) AND ended < $before", ("$before", Ticks(now - ServerLimits.NotifyRemembered)));
    });

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static long Ticks(DateTimeOffset time) => time.UtcTicks;

    private static DateTimeOffset? TimeOf(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : new DateTimeOffset(row.GetInt64(column), TimeSpan.Zero);

    private static Delivery DeliveryOf(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), (NotifyReason)row.GetInt64(2), row.GetString(3), row.GetString(4), row.GetInt64(5), TimeOf(row, 6)!.Value)
    {
        Due = TimeOf(row, 7)!.Value,
        Since = TimeOf(row, 8)!.Value,
        Attempts = row.GetInt32(9),
        Problem = row.IsDBNull(10) ? null : row.GetString(10),
        Ended = TimeOf(row, 11),
    };

    private void Prepare(string path)
    {
        using SqliteCommand version = Command("PRAGMA user_version");
        using SqliteCommand tables = Command("SELECT count(*) FROM sqlite_schema");
        switch (version.ExecuteScalar(), tables.ExecuteScalar())
        {
            case (0L, 0L):
                InTransaction(() => Execute(Schema));
                break;
            case (Version, _):
                break;
            default:
                throw new IOException($"it is not of version {Version}");
        }
    }

    private Delivery? ReadOne(string sql, params ReadOnlySpan<(string, object?)> parameters)
    {
        lock (_lock)
        {
            using SqliteCommand select = Command(sql, parameters);
            using SqliteDataReader row = select.ExecuteReader();
            return row.Read() ? DeliveryOf(row) : null;
        }
    }

    private long CountIn(string destination, int state)
    {
        using SqliteCommand count = Command("SELECT count(*) FROM deliveries WHERE destination = $destination AND state = $state", ("$destination", destination), ("$state", state));
        return (long)count.ExecuteScalar()!;
    }

    private void InTransaction(Action what)
    {
        lock (_lock)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                what();
                Execute("COMMIT");
            }
            catch
            {
                try
                {
                    Execute("ROLLBACK");
                }
                catch (SqliteException)
                {
                    // SQLite has rolled back by itself.
                }

                throw;
            }
        }
    }

    private void Execute(string sql, params ReadOnlySpan<(string, object?)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = _database.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }
}
