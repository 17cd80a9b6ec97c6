using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>A witness that a policy knows.</summary>
/// <param name="Name">Its name in the file, which need not be the key's.</param>
/// <param name="Key">The key that cosigns, of type 0x04 or 0x06.</param>
/// <param name="Url">The prefix of its submission URLs, as the file says it, or null. Nothing is concluded from it.</param>
public sealed record PolicyWitness(PolicyWord Name, VerifierKey Key, PolicyWord? Url);
