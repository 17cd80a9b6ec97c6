using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Indelible.Privacy;

namespace Indelible.Tests.Events;

/// <summary>A vault in memory: a subject's key is the hash of its name, so that two vaults agree; keys can be destroyed.</summary>
internal sealed class TestKeys : IPersonalKeys
{
    private readonly ConcurrentDictionary<string, PersonalKey> _bySubject = new(StringComparer.Ordinal);

    public PersonalKey For(string subject) =>
        _bySubject.GetOrAdd(subject, static name => new PersonalKey(SHA256.HashData(Encoding.UTF8.GetBytes(name))));

    public IEnumerable<string> Subjects => _bySubject.Keys.Order(StringComparer.Ordinal);

    public PersonalKey? Find(string keyId) => _bySubject.Values.FirstOrDefault(key => key.Id == keyId);

    public void Destroy(string subject)
    {
        if (_bySubject.TryRemove(subject, out PersonalKey? key))
        {
            key.Dispose();
        }
    }
}
