using System.Security.Cryptography;
using System.Text;
using Indelible.Privacy;

namespace Indelible.SearchBench;

/// <summary>The keys under which people's values are sealed: each follows from the person's id.</summary>
internal sealed class Subjects : IPersonalKeys, IDisposable
{
    private readonly Dictionary<string, PersonalKey> _bySubject = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PersonalKey> _byId = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public PersonalKey For(string subject)
    {
        if (!_bySubject.TryGetValue(subject, out PersonalKey? key))
        {
            _bySubject.Add(subject, key = new PersonalKey(SHA256.HashData(Encoding.UTF8.GetBytes(subject))));
            _byId.Add(key.Id, key);
        }

        return key;
    }

    /// <summary>The key of an id, or null.</summary>
    public PersonalKey? Find(string id) => _byId.GetValueOrDefault(id);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PersonalKey key in _bySubject.Values)
        {
            key.Dispose();
        }
    }
}
