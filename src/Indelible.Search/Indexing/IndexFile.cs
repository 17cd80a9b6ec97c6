namespace Indelible.Search;

/// <summary>Opens the files that <see cref="ChunkIndexBuilder"/> and <see cref="PersonalIndexBuilder"/> write.</summary>
public static class IndexFile
{
    /// <summary>Opens the index of a chunk.</summary>
    /// <param name="path">The public index: mapped, so it is never written to or cut while it is open, only replaced by renaming another file to its name.</param>
    /// <param name="identity">What it must be made of.</param>
    /// <param name="personalPath">The index of what stands in sealed values, or null; read into memory and decrypted.</param>
    /// <param name="personalKey">Its key, 32 bytes.</param>
    /// <exception cref="IndexDamagedException">A file is of another version, made of something else, or damaged.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ChunkIndex Open(string path, ChunkIdentity identity, string? personalPath, ReadOnlySpan<byte> personalKey) => throw new NotSupportedException();
}
