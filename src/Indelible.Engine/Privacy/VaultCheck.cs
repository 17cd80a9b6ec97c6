using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Microsoft.Data.Sqlite;

namespace Indelible.Engine.Privacy;

/// <summary>Checks a vault without opening it to write, beside a running node or without one.</summary>
internal static class VaultCheck
{
    private const int SqliteReadError = 10;
    private const int SqliteCannotOpen = 14;

    /// <summary>Checks the database's own structure, and that each data key in it opens for the person it stands beside.</summary>
    /// <param name="path">The vault.</param>
    /// <param name="master">What its keys are wrapped with.</param>
    /// <param name="keys">How many data keys open.</param>
    /// <returns>What is wrong.</returns>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static IReadOnlyList<string> Run(string path, MasterKey master, out long keys)
    {
        keys = 0;
        var faults = new List<string>();
        try
        {
            using SqliteConnection database = OpenToRead(path, isInUse: false);
            if (SchemaOf(database) is not [Vault.Schema])
            {
                // A view, say, that never ends, or an index whose expression does something: nothing else is asked of such a file.
                faults.Add("it holds other things than the table of data keys, or not that table");
                return faults;
            }

            using (SqliteCommand structure = database.CreateCommand())
            {
                structure.CommandText = "PRAGMA integrity_check";
                using SqliteDataReader row = structure.ExecuteReader();
                while (row.Read())
                {
                    if (row.GetString(0) is not "ok" and var fault)
                    {
                        faults.Add(fault);
                    }
                }
            }

            // Rows of a database that contradicts itself may never end.
            keys = faults.Count == 0 ? CheckKeys(database, master, faults) : 0;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteCannotOpen or SqliteReadError)
        {
            throw new StorageException($"The vault cannot be read: {e.Message}", StorageOutcome.NothingChanged, e);
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException or InvalidOperationException)
        {
            faults.Add(e.Message);
        }

        return faults;
    }

    /// <summary>Opens a vault so that nothing is written to it.</summary>
    /// <param name="path">The vault.</param>
    /// <param name="isInUse">Whether a node is known to have it open.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    internal static SqliteConnection OpenToRead(string path, bool isInUse)
    {
        foreach (string file in (string[])[path, path + "-wal", path + "-shm", path + "-journal"])
        {
            RegularFile.Require(file);
        }

        // Without a write-ahead log nobody has the vault open, and SQLite need not make the files that it shares with writers.
        string parameters = isInUse || File.Exists(path + "-wal") ? "?mode=ro" : "?immutable=1";
        var database = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = new Uri(path).AbsoluteUri + parameters,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        try
        {
            database.Open();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>The statements that a database is made of; the first two.</summary>
    internal static List<string> SchemaOf(SqliteConnection database)
    {
        using SqliteCommand select = database.CreateCommand();
        select.CommandText = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL LIMIT 2";
        using SqliteDataReader row = select.ExecuteReader();
        var statements = new List<string>();
        while (row.Read())
        {
            statements.Add(row.GetString(0));
        }

        return statements;
    }

    private static long CheckKeys(SqliteConnection database, MasterKey master, List<string> faults)
    {
        using SqliteCommand select = database.CreateCommand();
        select.CommandText = "SELECT origin, subject, kid, wrapped FROM subject_keys";
        using SqliteDataReader row = select.ExecuteReader();
        long opened = 0;
        while (row.Read())
        {
            string kid = row.GetString(2);
            try
            {
                string found = Vault.Open(master, row.GetString(0), row.GetString(1), row.GetFieldValue<byte[]>(3)).Id;
                if (found != kid)
                {
                    faults.Add($"the data key {kid} is the key {found}");
                }

                opened++;
            }
            catch (StorageException e)
            {
                faults.Add($"the data key {kid} does not open: {e.Message}");
            }
        }

        return opened;
    }
}
