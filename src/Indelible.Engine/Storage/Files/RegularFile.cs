using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>Opens what is a file, and nothing that only has a file's name: a pipe never answers, a device never ends.</summary>
/// <remarks>
/// <para>
/// Whoever can write into a folder can put a pipe, a socket or a device where a file belongs, or a link to one. Opening a pipe waits
/// for a writer; opening some devices does something. So the kind is looked at before the file is opened, and again once it is, because
/// it may have been exchanged between: it is opened so that even then nothing waits. Links are followed: to a file they are as good as it.
/// </para>
/// <para>The runtime knows no kinds of files. On Linux the kernel is asked; elsewhere files are opened as the runtime does.</para>
/// </remarks>
public static partial class RegularFile
{
    private const int ReadWriteFlag = 2;              // O_RDWR; reading is 0
    private const int NonBlockingFlag = 0x800;        // O_NONBLOCK
    private const int CloseOnExecuteFlag = 0x80000;   // O_CLOEXEC
    private const int CurrentFolder = -100;           // AT_FDCWD
    private const int NotTheLinkItself = 0;
    private const int TheLinkItself = 0x100;          // AT_SYMLINK_NOFOLLOW
    private const int OfDescriptor = 0x1000;          // AT_EMPTY_PATH
    private const uint AskForType = 1;                // STATX_TYPE
    private const int ModeOffset = 28;                // struct statx: stx_mode
    private const int TypeBits = 0xF000;              // S_IFMT
    private const int Regular = 0x8000;               // S_IFREG
    private const int NotPermitted = 1;               // EPERM
    private const int NoEntry = 2;                    // ENOENT
    private const int Interrupted = 4;                // EINTR
    private const int NoAccess = 13;                  // EACCES
    private const int NoFolder = 20;                  // ENOTDIR

    /// <summary>Opens a file that exists; others may read, write and delete it meanwhile.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <param name="writable">Whether it is to be written as well.</param>
    /// <exception cref="StorageException">It is no regular file: <see cref="StorageOutcome.Damaged"/>.</exception>
    /// <exception cref="IOException">There is none, or it cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not.</exception>
    public static SafeFileHandle Open(string path, bool writable = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!OperatingSystem.IsLinux())
        {
            return File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }

        Require(path, TypeOf(CurrentFolder, path, NotTheLinkItself));
        int descriptor;
        do
        {
            descriptor = OpenDescriptor(path, (writable ? ReadWriteFlag : 0) | NonBlockingFlag | CloseOnExecuteFlag);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        if (descriptor < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            Require(path, TypeOf(descriptor, "", OfDescriptor));
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what is there and is no regular file, before somebody else opens it by its path.</summary>
    /// <param name="path">The file; nothing is said about one that is missing.</param>
    /// <exception cref="StorageException">It is no regular file.</exception>
    internal static void Require(string path)
    {
        if (OperatingSystem.IsLinux() && (File.Exists(path) || Directory.Exists(path)))
        {
            Require(path, TypeOf(CurrentFolder, path, NotTheLinkItself));
        }
    }

    /// <summary>Whether a path is that of a file, not of a link, pipe, socket or device.</summary>
    internal static bool IsItself(string path) => !OperatingSystem.IsLinux()
        ? new FileInfo(path).LinkTarget is null
        : TypeOf(CurrentFolder, path, TheLinkItself) == Regular;

    private static void Require(string path, int type)
    {
        if (type != Regular)
        {
            throw new StorageException($"{path} is no file but {NameOf(type)}: it is not opened.", StorageOutcome.Damaged);
        }
    }

    private static string NameOf(int type) => type switch
    {
        0x1000 => "a pipe",
        0x2000 or 0x6000 => "a device",
        0x4000 => "a folder",
        0xC000 => "a socket",
        _ => "something else",
    };

    private static int TypeOf(int folder, string path, int flags)
    {
        // The layout of the answer is the kernel's, the same on every processor.
        Span<byte> answer = stackalloc byte[256];
        return Statx(folder, path, flags, AskForType, answer) == 0
            ? MemoryMarshal.Read<ushort>(answer[ModeOffset..]) & TypeBits
            : throw Failure(path, Marshal.GetLastPInvokeError());
    }

    private static Exception Failure(string path, int error) => error switch
    {
        NoEntry or NoFolder when Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))) => new FileNotFoundException($"There is no file {path}.", path),
        NoEntry or NoFolder => new DirectoryNotFoundException($"There is no folder for the file {path}."),
        NoAccess or NotPermitted => new UnauthorizedAccessException($"Access to {path} is denied."),
        _ => new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> answer);
}
