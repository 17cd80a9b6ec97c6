using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>A log that a policy accepts.</summary>
/// <param name="Key">The key that signs its checkpoints, of type 0x01 or 0x06; its name is the log's origin.</param>
/// <param name="Url">Where the log is found, as the file says it, or null. Nothing is concluded from it.</param>
public sealed record PolicyLog(VerifierKey Key, PolicyWord? Url);
