using System.Collections.Concurrent;
using Indelible.Engine.Storage.Files;

namespace Indelible.Verification.Tests;

/// <summary>A disk in memory that never fails: a folder on it is copied in no time, altered, and looked at.</summary>
internal sealed class MemoryDisk : Disk
{
    private readonly ConcurrentDictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _folders = new(StringComparer.Ordinal) { ["/"] = true };
    private readonly ConcurrentDictionary<string, bool> _locks = new(StringComparer.Ordinal);

    /// <summary>Every file's path and bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Content => _files.ToDictionary(file => file.Key, file => file.Value.Bytes, StringComparer.Ordinal);

    /// <summary>A disk of the same files, of which neither changes with the other.</summary>
    public MemoryDisk Copy()
    {
        var copy = new MemoryDisk();
        foreach ((string path, _) in _folders)
        {
            copy._folders[path] = true;
        }

        foreach ((string path, MemoryFile file) in _files)
        {
            copy._files[path] = new MemoryFile(file.Bytes);
        }

        return copy;
    }

    /// <summary>Puts a file in place, whatever was there.</summary>
    public void Put(string path, byte[] bytes) => _files[path] = new MemoryFile(bytes);

    public override bool Exists(string path) => _files.ContainsKey(path);

    public override bool FolderExists(string path) => _folders.ContainsKey(path);

    public override IReadOnlyList<string> Files(string folder) =>
        [.. _files.Keys.Where(path => Path.GetDirectoryName(path) == folder).Order(StringComparer.Ordinal)];

    public override IEnumerable<string> FilesBelow(string folder) =>
        [.. _files.Keys.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public override bool IsEmpty(string folder) => !FilesBelow(folder).Any();

    public override DiskFile Open(string path, bool writable) => _files.TryGetValue(path, out MemoryFile? file)
        ? new Handle(path, file)
        : throw new FileNotFoundException($"There is no {path}.", path);

    public override DiskFile Create(string path)
    {
        var file = new MemoryFile([]);
        return _files.TryAdd(path, file) ? new Handle(path, file) : throw new IOException($"There is a {path} already.");
    }

    public override void Move(string from, string to, bool overwrite)
    {
        if (!overwrite && _files.ContainsKey(to))
        {
            throw new IOException($"There is a {to} already.");
        }

        _files[to] = _files.TryRemove(from, out MemoryFile? file) ? file : throw new FileNotFoundException(from);
    }

    public override void Delete(string path) => _files.TryRemove(path, out _);

    public override void MakeFolder(string path) => _folders[path] = true;

    public override void SyncFolder(string path)
    {
    }

    public override void MakeReadOnly(string path)
    {
    }

    public override bool IsOpenToOthers(string path) => false;

    public override bool IsLocked(string path) => _locks.ContainsKey(path);

    public override IDisposable Lock(string path)
    {
        _files.TryAdd(path, new MemoryFile([]));
        return _locks.TryAdd(path, true) ? new Unlock(() => _locks.TryRemove(path, out _)) : throw new IOException($"{path} is locked.");
    }

    private sealed class Unlock(Action unlock) : IDisposable
    {
        public void Dispose() => unlock();
    }

    /// <summary>A file's bytes; never changed in place, so that copies may share them.</summary>
    private sealed class MemoryFile(byte[] bytes)
    {
        public byte[] Bytes { get; set; } = bytes;
    }

    private sealed class Handle(string path, MemoryFile file) : DiskFile(path)
    {
        public override long Length => file.Bytes.Length;

        public override int Read(long offset, Span<byte> destination)
        {
            byte[] bytes = file.Bytes;
            int count = (int)Math.Clamp(bytes.Length - offset, 0, destination.Length);
            bytes.AsSpan((int)Math.Min(offset, bytes.Length), count).CopyTo(destination);
            return count;
        }

        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            byte[] changed = new byte[Math.Max(file.Bytes.Length, offset + bytes.Length)];
            file.Bytes.CopyTo(changed, 0);
            bytes.CopyTo(changed.AsSpan((int)offset));
            file.Bytes = changed;
        }

        public override void SetLength(long length)
        {
            byte[] changed = file.Bytes;
            Array.Resize(ref changed, (int)length);
            file.Bytes = changed;
        }

        public override void Sync()
        {
        }

        public override void Dispose()
        {
        }
    }
}
