using System.Collections.Concurrent;

namespace Indelible.Server.Access;

/// <summary>Credentials that were judged lately and found good, so that each is judged once and not at every request. Thread-safe.</summary>
/// <remarks>
/// Known by the SHA-256 of all of a credential and by the configuration that it was judged by: whatever is changed there, everything is judged anew. Nothing is kept
/// beyond its end; what was refused is not kept, so that nobody can fill it with rubbish.
/// </remarks>
internal sealed class CredentialMemory
{
    private readonly ConcurrentDictionary<(string Sha256, long SystemSize), KnownCredential> _known = new();

    /// <summary>What was found, if it holds still.</summary>
    public KnownCredential? Find(string sha256, long systemSize, DateTimeOffset now) =>
        _known.TryGetValue((sha256, systemSize), out KnownCredential? known) && known.Ends > now ? known : null;

    /// <summary>Keeps what was found.</summary>
    public void Keep(string sha256, long systemSize, KnownCredential found)
    {
        // Which to forget first is not worth a list of its own: a full memory is emptied, and each is judged once more.
        if (_known.Count >= ServerLimits.KnownCredentials)
        {
            _known.Clear();
        }

        _known[(sha256, systemSize)] = found;
    }
}

/// <summary>A credential that is good.</summary>
/// <param name="Principal">Whose it is.</param>
/// <param name="CredentialId">As entries name it.</param>
/// <param name="Ends">When it ends.</param>
internal sealed record KnownCredential(string Principal, string CredentialId, DateTimeOffset Ends);
