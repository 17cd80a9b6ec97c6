using System.Security.Cryptography;

namespace Indelible.Engine.Storage.Files;

/// <summary>What a crash left behind the last whole record of a file, put into quarantine.</summary>
/// <param name="Path">The quarantine file.</param>
/// <param name="Sha256">Of its bytes, in lower-case hex.</param>
/// <param name="Bytes">Its length.</param>
public sealed record TornTail(string Path, string Sha256, long Bytes)
{
    private const string Extension = ".torn";
    private const int DigestInName = 16;

    /// <summary>Writes a quarantine file, durable on return: <c>FILE-OFFSET-DIGEST.torn</c>.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="quarantine">The folder; made if needed.</param>
    /// <param name="file">The file that the bytes were found in.</param>
    /// <param name="offset">Where they begin in it.</param>
    /// <param name="torn">The bytes, to the end of the file; zeros at the end are the file's own filling and left out.</param>
    internal static TornTail PutAside(Disk disk, string quarantine, string file, long offset, ReadOnlySpan<byte> torn)
    {
        ReadOnlySpan<byte> bytes = torn[..(torn.LastIndexOfAnyExcept((byte)0) + 1)];
        string digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        disk.EnsureFolder(quarantine);
        string path = System.IO.Path.Combine(
            quarantine, $"{System.IO.Path.GetFileNameWithoutExtension(file)}-{offset}-{digest[..DigestInName]}{Extension}");
        disk.WriteWhole(path, bytes);
        return new TornTail(path, digest, bytes.Length);
    }

    /// <summary>Whether the name of a quarantine file fits its bytes.</summary>
    internal static bool Fits(string path, ReadOnlySpan<byte> bytes)
    {
        string name = System.IO.Path.GetFileName(path);
        return name.EndsWith($"-{Convert.ToHexStringLower(SHA256.HashData(bytes))[..DigestInName]}{Extension}", StringComparison.Ordinal);
    }
}
