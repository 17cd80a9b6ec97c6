using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>The few file operations whose durability .NET does not offer as they are needed.</summary>
/// <remarks>
/// <para>
/// <c>RandomAccess.FlushToDisk</c> is fsync, which also writes the file's times; into space that was written before, fdatasync
/// writes the data alone. A new or renamed file is only there after a crash once its folder has been synced, and .NET cannot open a folder.
/// </para>
/// <para>A failed sync is never tried again: the kernel may have dropped the pages and would report success.</para>
/// </remarks>
internal static partial class DurableFile
{
    private const int ReadOnlyFlag = 0;

    /// <summary>Makes the file's data durable.</summary>
    /// <exception cref="StorageException">Outcome unknown.</exception>
    public static void SyncData(SafeFileHandle file, string path)
    {
        int result = OperatingSystem.IsLinux() ? Fdatasync(file) : FlushElsewhere(file);
        if (result != 0)
        {
            throw new StorageException($"fdatasync of {path} failed with error {Marshal.GetLastPInvokeError()}.", StorageOutcome.Unknown);
        }
    }

    /// <summary>Makes the names in a folder durable: new files, renames, deletions.</summary>
    /// <exception cref="StorageException">Outcome unknown.</exception>
    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(path, ReadOnlyFlag);
        int result = descriptor < 0 ? descriptor : Fsync(descriptor);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }

        if (result != 0)
        {
            throw new StorageException($"fsync of folder {path} failed with error {error}.", StorageOutcome.Unknown);
        }
    }

    /// <summary>Writes a small file so that after a crash it is either wholly there or not at all.</summary>
    /// <param name="path">Its final path; an existing file is replaced.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="ownerOnly">Whether only the owner may read it.</param>
    public static void WriteWhole(string path, ReadOnlySpan<byte> content, bool ownerOnly)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ownerOnly
                ? UnixFileMode.UserRead | UnixFileMode.UserWrite
                : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Creates a folder that only its owner may enter, if it is not there.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static int FlushElsewhere(SafeFileHandle file)
    {
        RandomAccess.FlushToDisk(file);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
