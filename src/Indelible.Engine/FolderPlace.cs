using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;

namespace Indelible.Engine;

/// <summary>A file that names its own birth, which no copy of it shares: so a copied folder is told from the one that it was copied of.</summary>
/// <remarks>
/// Two nodes on two copies would sign two histories, and both would be valid. The lock keeps two processes from one folder; this keeps
/// the second folder from being served unawares. It guards against mistakes, not against somebody who writes the file anew; and a
/// snapshot of a whole volume carries the birth along. Where the file system keeps no births, the file's number has to do.
/// </remarks>
internal static class FolderPlace
{
    private const string FirstLine = "indelible.dev/place/v1";
    private const int MaxBytes = 256;

    /// <summary>Says that the folder is where it belongs.</summary>
    /// <exception cref="StorageException">It could not be written.</exception>
    public static void Write(Disk disk, string path)
    {
        string temporary = path + ".new";
        try
        {
            disk.Delete(temporary);
            using DiskFile file = disk.Create(temporary);
            file.Write(0, Encoding.ASCII.GetBytes(LinesOf(disk, temporary)));
            file.Sync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not be written: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        disk.Replace(temporary, path);
    }

    /// <summary>Why the folder seems to be a copy of another, or null when it does not.</summary>
    /// <exception cref="StorageException">The file is not one that this version writes.</exception>
    public static string? Doubt(Disk disk, string path)
    {
        if (!disk.Exists(path))
        {
            return $"{path} is missing";
        }

        string written = Encoding.ASCII.GetString(disk.ReadWhole(path, MaxBytes));
        if (written.Split('\n') is not [FirstLine, { Length: > 0 } identity, ""])
        {
            throw new StorageException($"{path} was altered: it does not say which file it is.", StorageOutcome.Damaged);
        }

        string found = disk.IdentityOf(path);
        return identity == found ? null : $"{path} says '{identity}' of itself, and is '{found}'";
    }

    private static string LinesOf(Disk disk, string path) => $"{FirstLine}\n{disk.IdentityOf(path)}\n";
}
