using Npgsql;

namespace Clinic;

/// <summary>A note to be added to a record.</summary>
internal sealed record Note(string Text);

/// <summary>A patient, found.</summary>
internal sealed record Patient(string Id, string Name, string Ward);

/// <summary>What is known of a patient.</summary>
internal sealed record PatientRecord(string Id, string Name, string Ward, IReadOnlyList<string> Notes);

/// <summary>The patients' records.</summary>
internal sealed class PatientRecords(NpgsqlDataSource database)
{
    /// <summary>Makes the tables, and two patients where there are none.</summary>
    public async Task CreateAsync()
    {
        await using NpgsqlCommand create = database.CreateCommand("""
            CREATE TABLE IF NOT EXISTS patients (id text PRIMARY KEY, name text NOT NULL, ward text NOT NULL);
            CREATE TABLE IF NOT EXISTS notes (patient text NOT NULL REFERENCES patients ON DELETE CASCADE, author text NOT NULL, written timestamptz NOT NULL DEFAULT now(), text text NOT NULL);
            INSERT INTO patients VALUES ('p-1', 'Grace Hopper', 'north'), ('p-2', 'Edsger Dijkstra', 'south') ON CONFLICT DO NOTHING;
            """);
        await create.ExecuteNonQueryAsync();
    }

    public async Task<IReadOnlyList<Patient>> SearchAsync(string name)
    {
        await using NpgsqlCommand select = database.CreateCommand("SELECT id, name, ward FROM patients WHERE name ILIKE '%' || $1 || '%' ORDER BY name LIMIT 50");
        select.Parameters.Add(new() { Value = name });
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync();
        var found = new List<Patient>();
        while (await reader.ReadAsync())
        {
            found.Add(new Patient(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        }

        return found;
    }

    public async Task<PatientRecord?> FindAsync(string id)
    {
        await using NpgsqlCommand select = database.CreateCommand("SELECT name, ward, ARRAY(SELECT text FROM notes WHERE patient = id ORDER BY written) FROM patients WHERE id = $1");
        select.Parameters.Add(new() { Value = id });
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync();
        return await reader.ReadAsync() ? new PatientRecord(id, reader.GetString(0), reader.GetString(1), reader.GetFieldValue<string[]>(2)) : null;
    }

    public async Task<bool> AddNoteAsync(string patient, string author, string text)
    {
        await using NpgsqlCommand insert = database.CreateCommand("INSERT INTO notes (patient, author, text) SELECT id, $2, $3 FROM patients WHERE id = $1");
        insert.Parameters.AddRange(new NpgsqlParameter[] { new() { Value = patient }, new() { Value = author }, new() { Value = text } });
        return await insert.ExecuteNonQueryAsync() == 1;
    }

    public async Task<bool> DeleteAsync(string id)
    {
        await using NpgsqlCommand delete = database.CreateCommand("DELETE FROM patients WHERE id = $1");
        delete.Parameters.Add(new() { Value = id });
        return await delete.ExecuteNonQueryAsync() == 1;
    }
}
