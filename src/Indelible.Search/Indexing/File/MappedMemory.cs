using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Search;

/// <summary>A mapped file: the only unsafe code of the index.</summary>
/// <remarks>
/// The kernel is told that it will be read here and there: with its usual read-ahead a cold search reads thirty times what it needs. The file must not be cut while it is mapped, for a touch
/// behind its end kills the process: index files are read-only and only ever replaced by renaming.
/// </remarks>
internal sealed unsafe partial class MappedMemory : IndexMemory
{
    private const int AdviseRandom = 1;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _first;
    private readonly int _length;

    /// <summary>Maps a file.</summary>
    /// <param name="handle">The file; may be closed afterwards.</param>
    /// <param name="length">How many of its bytes, as many as it has.</param>
    public MappedMemory(SafeFileHandle handle, int length)
    {
        _length = length;
        _file = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _first);
        _first += _view.PointerOffset;
        if (OperatingSystem.IsLinux())
        {
            // Advice only: where it is not taken, nothing but time is lost.
            _ = Advise(_first, (nuint)length, AdviseRandom);
        }
    }

    /// <summary>Whoever forgets to dispose of it loses nothing but time: an object that no question holds is not read any more.</summary>
    ~MappedMemory() => Free();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => new(_first, _length);

    /// <inheritdoc/>
    protected override void Free()
    {
        if (_first is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        _file?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
