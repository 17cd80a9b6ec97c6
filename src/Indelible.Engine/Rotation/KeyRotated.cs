namespace Indelible.Engine.Rotation;

/// <summary>A key was rotated.</summary>
/// <param name="OldVkey">The key that signs nothing any more.</param>
/// <param name="NewVkey">The key that signs from here on.</param>
/// <param name="Index">Of a log: the index of the entry that announces the new key.</param>
/// <param name="HandoverSize">Of a log: the size of the head that both keys have signed.</param>
/// <param name="OldKeyDestroyed">Whether the old key's file was overwritten and removed. If not, the next start does it; the key signs nothing meanwhile.</param>
public sealed record KeyRotated(string OldVkey, string NewVkey, long? Index, long? HandoverSize, bool OldKeyDestroyed);
