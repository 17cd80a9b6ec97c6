using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Privacy;
using Microsoft.Data.Sqlite;

namespace Indelible.Engine.Privacy;

/// <summary>The data keys of persons, one for each (origin, data subject): destroying one is erasing the person.</summary>
/// <remarks>
/// <para>
/// SQLite, because rows must really go when they are deleted (<c>secure_delete</c>, and nothing of them in a log afterwards). Keys are
/// wrapped by the master key. A key is durable here before an entry that needs it is sequenced: otherwise a crash would leave an
/// entry that nobody can read.
/// </para>
/// <para>Thread-safe; keys in use are kept unwrapped in memory, a bounded number of them.</para>
/// </remarks>
internal sealed class Vault : IDisposable
{
    /// <summary>All that the database is made of, as SQLite keeps it.</summary>
    internal const string Schema =
        "CREATE TABLE subject_keys (origin TEXT NOT NULL, subject TEXT NOT NULL, kid TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL, PRIMARY KEY (origin, subject)) STRICT, WITHOUT ROWID";

    private const int KeyBytes = 32;
    private readonly MasterKey _master;
    private readonly RandomSource _random;
    private readonly Lock _lock = new();
    private readonly SqliteConnection _database;                                       // under _lock
    private readonly Dictionary<(string Origin, string Subject), PersonalKey> _bySubject = [];   // under _lock
    private readonly Dictionary<string, PersonalKey> _byId = new(StringComparer.Ordinal);        // under _lock
    private readonly Dictionary<(string Origin, string Subject), DrawnKey> _drawn = [];   // under _lock: not durable yet

    private Vault(SqliteConnection database, MasterKey master, RandomSource random)
    {
        _database = database;
        _master = master;
        _random = random;
    }

    /// <summary>Makes an empty vault.</summary>
    /// <exception cref="StorageException">The file exists already.</exception>
    public static void Create(string path, MasterKey master, RandomSource random)
    {
        if (File.Exists(path))
        {
            throw new StorageException($"There is a vault at {path} already.", StorageOutcome.NothingChanged);
        }

        // The file is made by us, so that it is never readable by others, not even for a moment.
        Storage.Files.Disk.System.WriteWhole(path, []);
        using Vault vault = OpenDatabase(path, master, random);
        vault.Execute(Schema);
        vault.Execute("PRAGMA user_version = 1");
    }

    /// <summary>Opens a vault.</summary>
    /// <exception cref="StorageException">It is missing or of another version.</exception>
    public static Vault Open(string path, MasterKey master, RandomSource random)
    {
        if (!File.Exists(path))
        {
            throw new StorageException($"The vault {path} is missing: personal data in the log cannot be read without it.", StorageOutcome.Damaged);
        }

        Vault vault = OpenDatabase(path, master, random);
        using SqliteCommand version = vault._database.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        if (version.ExecuteScalar() is 1L && VaultCheck.SchemaOf(vault._database) is [Schema])
        {
            return vault;
        }

        vault.Dispose();
        throw new StorageException($"The vault {path} is not of version 1.", StorageOutcome.Damaged);
    }

    /// <summary>Opens a data key as it lies in the vault.</summary>
    /// <exception cref="StorageException">It was altered, or is another person's.</exception>
    internal static PersonalKey Open(MasterKey master, string origin, string subject, byte[] wrapped) => new(master.Unwrap(wrapped, Context(origin, subject)));

    /// <summary>Wraps a data key as it lies in the vault by another master key.</summary>
    /// <exception cref="StorageException">It was altered, or is another person's.</exception>
    internal static byte[] Rewrap(MasterKey old, MasterKey next, string origin, string subject, byte[] wrapped) =>
        next.Wrap(old.Unwrap(wrapped, Context(origin, subject)), Context(origin, subject));

    /// <summary>Makes a consistent copy of a vault that may be in use, without opening it to write. The copy is not synced.</summary>
    /// <param name="path">The vault.</param>
    /// <param name="copy">A file that does not exist yet.</param>
    /// <param name="isInUse">Whether a node has the vault open.</param>
    /// <exception cref="StorageException">It is missing, damaged, or could not be copied.</exception>
    internal static void CopyTo(string path, string copy, bool isInUse)
    {
        if (!File.Exists(path))
        {
            throw new StorageException($"The vault {path} is missing: personal data in the log cannot be read without it.", StorageOutcome.Damaged);
        }

        // The file is made by us, so that it is never readable by others, not even for a moment; SQLite fills an empty one.
        Storage.Files.Disk.System.WriteWhole(copy, []);
        try
        {
            using SqliteConnection database = VaultCheck.OpenToRead(path, isInUse);
            using SqliteCommand command = database.CreateCommand();
            command.CommandText = "VACUUM INTO $copy";
            command.Parameters.AddWithValue("$copy", copy);
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw new StorageException($"The vault {path} could not be copied: {e.Message}", StorageOutcome.NothingChanged, e);
        }
    }

    /// <summary>Gives the keys that one request's entries need; <see cref="Request.Commit"/> makes the new ones durable.</summary>
    /// <param name="origin">The log's origin.</param>
    public Request KeysFor(string origin) => new(this, origin);

    /// <summary>The key of this id, or null when there is none (any more).</summary>
    /// <param name="kid">As it stands in entries: base64url of 16 bytes.</param>
    public PersonalKey? Find(string kid)
    {
        lock (_lock)
        {
            if (_byId.TryGetValue(kid, out PersonalKey? key))
            {
                return key;
            }

            using SqliteCommand select = _database.CreateCommand();
            select.CommandText = "SELECT origin, subject, wrapped FROM subject_keys WHERE kid = $kid";
            select.Parameters.AddWithValue("$kid", kid);
            using SqliteDataReader row = select.ExecuteReader();
            return row.Read() ? Remember(row.GetString(0), row.GetString(1), row.GetFieldValue<byte[]>(2)) : null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static Vault OpenDatabase(string path, MasterKey master, RandomSource random)
    {
        RegularFile.Require(path);
        var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        database.Open();
        var vault = new Vault(database, master, random);
        vault.Execute("PRAGMA journal_mode = WAL");
        vault.Execute("PRAGMA synchronous = FULL");
        vault.Execute("PRAGMA secure_delete = ON");
        return vault;
    }

    private static byte[] Context(string origin, string subject) => Encoding.UTF8.GetBytes($"indelible.dev/subject-key/v1 {origin}\n{subject}");

    private PersonalKey? Load(string origin, string subject)
    {
        using SqliteCommand select = _database.CreateCommand();
        select.CommandText = "SELECT wrapped FROM subject_keys WHERE origin = $origin AND subject = $subject";
        select.Parameters.AddWithValue("$origin", origin);
        select.Parameters.AddWithValue("$subject", subject);
        return select.ExecuteScalar() is byte[] wrapped ? Remember(origin, subject, wrapped) : null;
    }

    private PersonalKey GetOrDraw(string origin, string subject, HashSet<string> drawnFor)
    {
        lock (_lock)
        {
            if (_bySubject.TryGetValue((origin, subject), out PersonalKey? key) || (key = Load(origin, subject)) is not null)
            {
                return key;
            }

            if (!_drawn.TryGetValue((origin, subject), out DrawnKey? drawn))
            {
                byte[] bytes = new byte[KeyBytes];
                _random.Fill(bytes);
                drawn = new DrawnKey(new PersonalKey(bytes), _master.Wrap(bytes, Context(origin, subject)));
                _drawn.Add((origin, subject), drawn);
            }

            drawn.Requests += drawnFor.Add(subject) ? 1 : 0;
            return drawn.Key;
        }
    }

    /// <summary>A request that drew keys ended without needing them: those that no other request needs are forgotten.</summary>
    private void Abandon(string origin, IEnumerable<string> subjects)
    {
        lock (_lock)
        {
            foreach (string subject in subjects)
            {
                if (_drawn.TryGetValue((origin, subject), out DrawnKey? drawn) && --drawn.Requests == 0)
                {
                    _drawn.Remove((origin, subject));
                }
            }
        }
    }

    private void Commit(string origin, IEnumerable<string> subjects)
    {
        lock (_lock)
        {
            using SqliteTransaction transaction = _database.BeginTransaction();
            var done = new List<(string Subject, byte[] Wrapped)>();
            foreach (string subject in subjects)
            {
                if (!_drawn.TryGetValue((origin, subject), out DrawnKey? drawn))
                {
                    continue;   // Another request that needed it as well has made it durable.
                }

                using SqliteCommand insert = _database.CreateCommand();
                insert.Transaction = transaction;
                insert.CommandText = "INSERT INTO subject_keys (origin, subject, kid, wrapped) VALUES ($origin, $subject, $kid, $wrapped)";
                insert.Parameters.AddWithValue("$origin", origin);
                insert.Parameters.AddWithValue("$subject", subject);
                insert.Parameters.AddWithValue("$kid", drawn.Key.Id);
                insert.Parameters.AddWithValue("$wrapped", drawn.Wrapped);
                insert.ExecuteNonQuery();
                done.Add((subject, drawn.Wrapped));
            }

            transaction.Commit();
            foreach ((string subject, byte[] wrapped) in done)
            {
                _drawn.Remove((origin, subject));
                Remember(origin, subject, wrapped);
            }
        }
    }

    private PersonalKey Remember(string origin, string subject, byte[] wrapped)
    {
        if (_bySubject.Count >= EngineLimits.CachedPersonalKeys)
        {
            // Rare, and loading again is cheap: forgetting all is simpler than knowing which.
            _bySubject.Clear();
            _byId.Clear();
        }

        PersonalKey key = Open(_master, origin, subject, wrapped);
        _bySubject[(origin, subject)] = key;
        _byId[key.Id] = key;
        return key;
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A key that is not durable yet, and how many requests wait for it to be.</summary>
    private sealed class DrawnKey(PersonalKey key, byte[] wrapped)
    {
        public PersonalKey Key { get; } = key;

        public byte[] Wrapped { get; } = wrapped;

        public int Requests { get; set; }
    }

    /// <summary>The keys of one request: what is new is drawn at once and made durable together, or forgotten when the request ends before.</summary>
    internal sealed class Request(Vault vault, string origin) : IPersonalKeys, IDisposable
    {
        private readonly HashSet<string> _drawn = new(StringComparer.Ordinal);

        /// <inheritdoc/>
        public PersonalKey For(string subject) => vault.GetOrDraw(origin, subject, _drawn);

        /// <summary>Makes every new key durable. Must return before an entry that needs one is sequenced.</summary>
        /// <exception cref="StorageException">It could not; nothing may be appended.</exception>
        public void Commit()
        {
            if (_drawn.Count == 0)
            {
                return;
            }

            try
            {
                vault.Commit(origin, _drawn);
                _drawn.Clear();
            }
            catch (SqliteException e)
            {
                throw new StorageException("The vault could not store new data keys; nothing of the request was appended.", StorageOutcome.NothingChanged, e);
            }
        }

        /// <inheritdoc/>
        public void Dispose() => vault.Abandon(origin, _drawn);
    }
}
