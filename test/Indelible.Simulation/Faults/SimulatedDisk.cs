using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;

namespace Indelible.Simulation.Faults;

/// <summary>A disk in memory as one process sees it: it counts and names every operation, and fails those that it is told to.</summary>
/// <remarks>
/// After <see cref="Crash"/> or <see cref="Kill"/> the process is gone, and everything that is asked of this object fails;
/// <see cref="Reopen"/> gives the disk as the next process finds it. Thread-safe, as <see cref="Disk"/> is.
/// </remarks>
internal sealed class SimulatedDisk : Disk
{
    private readonly Lock _lock = new();
    private readonly Medium _medium;
    private readonly List<DiskOperation> _operations = [];
    private bool _isGone;

    public SimulatedDisk()
        : this(new Medium())
    {
    }

    private SimulatedDisk(Medium medium)
    {
        _medium = medium;
    }

    /// <summary>Every operation so far, in order.</summary>
    public IReadOnlyList<DiskOperation> Operations => _operations;

    /// <summary>Says what goes wrong with an operation; asked before each.</summary>
    public Func<DiskOperation, DiskFault> Faults { get; set; } = _ => DiskFault.None;

    /// <summary>How a machine that stops by a fault loses what was not synced; null: all of it.</summary>
    public Random? Keep { get; set; }

    /// <summary>Bytes that all files may have together; more is ENOSPC.</summary>
    public long Quota
    {
        get => _medium.Quota;
        set => _medium.Quota = value;
    }

    public long UsedBytes => _medium.UsedBytes;

    /// <summary>Whether the process is gone, and with it everything that was only seen (by a crash) or nothing (by a kill).</summary>
    public bool IsGone => _isGone;

    /// <summary>Whether the machine stopped by a fault; what it loses is decided by <see cref="Crash"/>.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>The machine stops.</summary>
    /// <param name="keep">Decides what stays of that which was not synced; null: nothing.</param>
    public void Crash(Random? keep)
    {
        lock (_lock)
        {
            _isGone = true;
            _medium.Crash(keep);
        }
    }

    /// <summary>The process stops, and the machine goes on: what was written is still seen.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            _isGone = true;
            _medium.ReleaseLocks();
        }
    }

    /// <summary>The disk as the next process sees it. The one before must be gone.</summary>
    public SimulatedDisk Reopen() => _isGone ? new SimulatedDisk(_medium) : throw new InvalidOperationException("The process before is still there.");

    /// <summary>A disk of its own with the same content, synced and not.</summary>
    public SimulatedDisk Clone() => new(_medium.Clone());

    public override bool Exists(string path) => Look(() => _medium.Find(path) is not null);

    public override bool FolderExists(string path) => Look(() => _medium.HasFolder(path));

    public override IReadOnlyList<string> Files(string folder) =>
        Look(() => _medium.Files.Keys.Where(path => Path.GetDirectoryName(path) == folder).Order(StringComparer.Ordinal).ToArray());

    public override IEnumerable<string> FilesBelow(string folder) =>
        Look(() => _medium.Files.Keys.Where(path => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)).ToArray());

    public override bool IsEmpty(string folder) =>
        Look(() => !_medium.Files.Keys.Any(path => Path.GetDirectoryName(path) == folder) && !_medium.FoldersIn(folder).Any());

    public override DiskFile Open(string path, bool writable) => Do(DiskOperationKind.Open, path, () =>
        _medium.Find(path) is { } file ? new OpenedFile(this, path, file) : throw new FileNotFoundException($"There is no file {path}."));

    public override DiskFile Create(string path) => Do(DiskOperationKind.Create, path, () =>
    {
        if (_medium.Find(path) is not null)
        {
            throw new IOException($"There is a file {path} already.");
        }

        if (!_medium.HasFolder(Path.GetDirectoryName(path)!))
        {
            throw new DirectoryNotFoundException($"There is no folder for {path}.");
        }

        return new OpenedFile(this, path, _medium.Create(path));
    });

    public override void Move(string from, string to, bool overwrite)
    {
        Do(DiskOperationKind.Move, from, () =>
        {
            if (_medium.Find(from) is null)
            {
                throw new FileNotFoundException($"There is no file {from}.");
            }

            if (!overwrite && _medium.Find(to) is not null)
            {
                throw new IOException($"There is a file {to} already.");
            }

            _medium.Move(from, to);
            return true;
        }, to);
    }

    public override void Delete(string path)
    {
        if (!Exists(path))
        {
            return;
        }

        Do(DiskOperationKind.Delete, path, () =>
        {
            _medium.Delete(path);
            return true;
        });
    }

    public override void MakeFolder(string path)
    {
        if (FolderExists(path))
        {
            return;
        }

        Do(DiskOperationKind.MakeFolder, path, () =>
        {
            _medium.MakeFolder(path);
            return true;
        });
    }

    public override void SyncFolder(string path)
    {
        try
        {
            Do(DiskOperationKind.SyncFolder, path, () =>
            {
                if (!_medium.HasFolder(path))
                {
                    throw new DirectoryNotFoundException($"There is no folder {path}.");
                }

                _medium.SyncFolder(path);
                return true;
            });
        }
        catch (IOException e)
        {
            throw new StorageException($"fsync of folder {path} failed.", StorageOutcome.Unknown, e);
        }
    }

    public override void MakeReadOnly(string path) => Do(DiskOperationKind.MakeReadOnly, path, () => true);

    public override bool IsOpenToOthers(string path) => false;

    public override IDisposable Lock(string path) => Do(DiskOperationKind.Lock, path, () =>
    {
        if (!_medium.TryLock(path, this))
        {
            throw new IOException($"{path} is held by another process.");
        }

        if (_medium.Find(path) is null)
        {
            _medium.Create(path);
        }

        return new HeldLock(this, path);
    });

    public override bool IsLocked(string path) => Look(() => _medium.IsLocked(path));

    private T Look<T>(Func<T> look)
    {
        lock (_lock)
        {
            return _isGone || HasStopped ? throw new MachineStoppedException() : look();
        }
    }

    private T Do<T>(DiskOperationKind kind, string path, Func<T> effect, string? target = null, long offset = 0, Action? half = null, Medium.SimulatedFile? file = null)
    {
        lock (_lock)
        {
            if (_isGone || HasStopped)
            {
                throw new MachineStoppedException();
            }

            var operation = new DiskOperation(_operations.Count, kind, path, target, offset);
            _operations.Add(operation);
            switch (Faults(operation))
            {
                case DiskFault.None:
                    return effect();
                case DiskFault.FailsButPersists:
                    effect();
                    throw new IOException($"EIO: {operation}, which was done.");
                case DiskFault.WritesShort:
                    half?.Invoke();
                    throw new IOException($"EIO: {operation}, half done.");
                case DiskFault.LosesPages:
                    file?.LosePages();
                    throw new IOException($"EIO: {operation}; the pages are clean and not on disk.");
                case DiskFault.DiskFull:
                    half?.Invoke();
                    throw new IOException($"ENOSPC: {operation}.");
                case DiskFault.TooManyFiles:
                    throw new IOException($"EMFILE: {operation}.");
                case DiskFault.ReadOnlyDisk:
                    throw new UnauthorizedAccessException($"EROFS: {operation}.");
                case DiskFault.CrashBefore:
                    HasStopped = true;
                    throw new MachineStoppedException();
                case DiskFault.CrashAfter:
                    effect();
                    HasStopped = true;
                    throw new MachineStoppedException();
                default:
                    throw new IOException($"EIO: {operation}.");
            }
        }
    }

    private sealed class HeldLock(SimulatedDisk disk, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
            {
                disk._medium.Unlock(path, disk);
            }
        }
    }

    private sealed class OpenedFile(SimulatedDisk disk, string path, Medium.SimulatedFile file) : DiskFile(path)
    {
        public override long Length => disk.Look(() => (long)file.Seen.Length);

        public override int Read(long offset, Span<byte> destination)
        {
            int length = destination.Length;
            byte[] bytes = disk.Do(DiskOperationKind.Read, file.Name, () =>
                offset >= file.Seen.Length ? [] : file.Seen.Bytes.Slice((int)offset, Math.Min(length, file.Seen.Length - (int)offset)).ToArray());
            bytes.CopyTo(destination);
            return bytes.Length;
        }

        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            byte[] copy = bytes.ToArray();
            Action half = () => file.Write(offset, copy.AsSpan(0, copy.Length / 2));
            disk.Do(DiskOperationKind.Write, file.Name, () =>
            {
                long growth = Math.Max(0, offset + copy.Length - file.Seen.Length);
                if (growth > 0 && disk.Quota != long.MaxValue && disk._medium.UsedBytes + growth > disk.Quota)
                {
                    half();
                    throw new IOException($"ENOSPC: {FullPath}.");
                }

                file.Write(offset, copy);
                return true;
            }, null, offset, half);
        }

        public override void SetLength(long length) => disk.Do(DiskOperationKind.SetLength, file.Name, () =>
        {
            file.SetLength(length);
            return true;
        });

        public override void Sync()
        {
            try
            {
                disk.Do(DiskOperationKind.Sync, file.Name, () =>
                {
                    file.Sync();
                    return true;
                }, file: file);
            }
            catch (IOException e)
            {
                throw new StorageException($"fdatasync of {FullPath} failed.", StorageOutcome.Unknown, e);
            }
        }

        public override void Dispose()
        {
        }
    }
}
