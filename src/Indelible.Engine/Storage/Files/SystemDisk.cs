using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>The operating system's files, with the syncs that .NET does not offer as they are needed.</summary>
/// <remarks>
/// <c>RandomAccess.FlushToDisk</c> is fsync, which also writes the file's times; fdatasync writes the data, and of the metadata what is
/// needed to find it again, the length included. A new or renamed file is only there after a crash once its folder has been synced,
/// and .NET cannot open a folder.
/// </remarks>
internal sealed partial class SystemDisk : Disk
{
    private const int ReadOnlyFlag = 0;
    private const int CurrentFolder = -100;       // AT_FDCWD
    private const uint AskForInode = 0x100;       // STATX_INO
    private const uint AskForBirth = 0x800;       // STATX_BTIME
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnersFile | UnixFileMode.UserExecute;

    public override bool Exists(string path) => File.Exists(path);

    public override bool FolderExists(string path) => Directory.Exists(path);

    public override IReadOnlyList<string> Files(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)] : [];

    public override IEnumerable<string> FilesBelow(string folder) => new FileSystemEnumerable<string>(
        folder,
        static (ref FileSystemEntry entry) => entry.ToFullPath(),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
    {
        // A link to a folder above itself would be followed for ever.
        ShouldRecursePredicate = static (ref FileSystemEntry entry) => !IsLink(in entry),
        ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(in entry),
    };

    public override bool IsPlain(string path) => RegularFile.IsItself(path);

    public override bool IsEmpty(string folder) => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();

    public override DiskFile Open(string path, bool writable) => new HandleFile(path, RegularFile.Open(path, writable));

    public override DiskFile Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnersFile;
        }

        // By way of a stream, because only its options carry the mode; the handle outlives it.
        using var stream = new FileStream(path, options);
        return Open(path, writable: true);
    }

    public override void Move(string from, string to, bool overwrite) => File.Move(from, to, overwrite);

    public override void Delete(string path) => File.Delete(path);

    public override IReadOnlyList<string> Folders(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)] : [];

    public override void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public override void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnersFolder);
    }

    public override void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = OpenFolder(path, ReadOnlyFlag);
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

    public override void MakeReadOnly(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        }
    }

    public override bool IsOpenToOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(OwnersFolder | UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.StickyBit)) != 0;

    public override string IdentityOf(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "born " + File.GetCreationTimeUtc(path).ToString("O", CultureInfo.InvariantCulture);
        }

        // The runtime knows no birth on Linux; the layout of statx's answer is the kernel's, the same on every processor.
        Span<byte> answer = stackalloc byte[256];
        if (Statx(CurrentFolder, path, 0, AskForInode | AskForBirth, answer) != 0)
        {
            throw new IOException($"statx of {path} failed with error {Marshal.GetLastPInvokeError()}.");
        }

        return (MemoryMarshal.Read<uint>(answer) & AskForBirth) != 0
            ? string.Create(CultureInfo.InvariantCulture, $"born {DateTimeOffset.FromUnixTimeSeconds(MemoryMarshal.Read<long>(answer[80..])):yyyy-MM-ddTHH:mm:ss}.{MemoryMarshal.Read<uint>(answer[88..]):D9}Z")
            : string.Create(CultureInfo.InvariantCulture, $"inode {MemoryMarshal.Read<ulong>(answer[32..])}");
    }

    public override IDisposable Lock(string path)
    {
        RegularFile.Require(path);
        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    public override bool IsLocked(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            RegularFile.Require(path);
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (StorageException)
        {
            // No file, so no node's lock.
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static bool IsLink(in FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) != 0;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> answer);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    private sealed class HandleFile(string path, SafeFileHandle handle) : DiskFile(path)
    {
        public override long Length => RandomAccess.GetLength(handle);

        public override int Read(long offset, Span<byte> destination) => RandomAccess.Read(handle, destination, offset);

        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            try
            {
                RandomAccess.Write(handle, bytes, offset);
            }
            catch (ArgumentOutOfRangeException e)
            {
                throw TooLarge(e);
            }
        }

        public override void SetLength(long length)
        {
            try
            {
                RandomAccess.SetLength(handle, length);
            }
            catch (ArgumentOutOfRangeException e)
            {
                throw TooLarge(e);
            }
        }

        public override void Sync()
        {
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(handle);
            }
            else if (Fdatasync(handle) != 0)
            {
                throw new StorageException($"fdatasync of {FullPath} failed with error {Marshal.GetLastPInvokeError()}.", StorageOutcome.Unknown);
            }
        }

        public override void Dispose() => handle.Dispose();

        /// <summary>What the file system or a limit of the process refuses (EFBIG) the runtime reports as a wrong argument; to us it is a disk without room.</summary>
        private IOException TooLarge(ArgumentOutOfRangeException refused) =>
            new($"{FullPath} may not become so large: the file system or a limit on the size of files refuses it.", refused);
    }
}
