using System.Security.Claims;
using System.Security.Cryptography;
using Npgsql;

namespace Clinic;

/// <summary>What is typed to sign in.</summary>
internal sealed record Credentials(string Name, string Password);

/// <summary>Somebody who works here.</summary>
internal sealed record Member(string Id, string Name, string Role, byte[] Salt, byte[] Hash)
{
    public static byte[] HashOf(string password, byte[] salt) => Rfc2898DeriveBytes.Pbkdf2(password, salt, 210_000, HashAlgorithmName.SHA512, 32);

    public bool HasPassword(string password) => CryptographicOperations.FixedTimeEquals(HashOf(password, Salt), Hash);

    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, Id), new Claim(ClaimTypes.Name, Name), new Claim(ClaimTypes.Role, Role), new Claim("sid", Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString())],
        scheme));
}

/// <summary>Who works here, and their passwords.</summary>
internal sealed class Staff(NpgsqlDataSource database)
{
    private static readonly (string Id, string Name, string Role)[] s_first = [("st-1", "ada", "doctor"), ("st-2", "ben", "nurse"), ("st-3", "cleo", "clerk")];

    /// <summary>Makes the table, and the first members where there are none.</summary>
    public async Task CreateAsync(string password)
    {
        await using NpgsqlCommand create = database.CreateCommand("CREATE TABLE IF NOT EXISTS staff (id text PRIMARY KEY, name text UNIQUE NOT NULL, role text NOT NULL, salt bytea NOT NULL, hash bytea NOT NULL)");
        await create.ExecuteNonQueryAsync();
        foreach ((string id, string name, string role) in s_first)
        {
            byte[] salt = RandomNumberGenerator.GetBytes(16);
            await using NpgsqlCommand insert = database.CreateCommand("INSERT INTO staff VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");
            insert.Parameters.AddRange(new NpgsqlParameter[] { new() { Value = id }, new() { Value = name }, new() { Value = role }, new() { Value = salt }, new() { Value = Member.HashOf(password, salt) } });
            await insert.ExecuteNonQueryAsync();
        }
    }

    public async Task<Member?> FindAsync(string name)
    {
        await using NpgsqlCommand select = database.CreateCommand("SELECT id, name, role, salt, hash FROM staff WHERE name = $1");
        select.Parameters.Add(new() { Value = name });
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync();
        return await reader.ReadAsync()
            ? new Member(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4))
            : null;
    }
}
