namespace Indelible.Simulation.Faults;

/// <summary>What a simulated disk holds: files and names, each as processes see it and as it is durable.</summary>
/// <remarks>
/// Data becomes durable by a sync of its file, names by a sync of their folder, folders by a sync of the folder above. This is less
/// than most file systems give (many write a new file's name with its data, and all keep the order of names): what holds here holds there.
/// </remarks>
internal sealed class Medium
{
    private const int SectorBytes = 512;

    private Dictionary<string, SimulatedFile> _files = new(StringComparer.Ordinal);           // as seen
    private Dictionary<string, SimulatedFile> _durableFiles = new(StringComparer.Ordinal);
    private HashSet<string> _folders = new(StringComparer.Ordinal);                           // as seen
    private HashSet<string> _durableFolders = new(StringComparer.Ordinal);
    private List<NameChange> _pending = [];                                                   // in order
    private readonly Dictionary<string, object> _locks = new(StringComparer.Ordinal);

    /// <summary>Bytes that all files may have together.</summary>
    public long Quota { get; set; } = long.MaxValue;

    public long UsedBytes => _files.Values.Sum(file => (long)file.Seen.Length);

    public IReadOnlyDictionary<string, SimulatedFile> Files => _files;

    public SimulatedFile? Find(string path) => _files.GetValueOrDefault(path);

    public bool HasFolder(string path) => Path.GetDirectoryName(path) is null || _folders.Contains(path);

    public IEnumerable<string> FoldersIn(string path) => _folders.Where(folder => Path.GetDirectoryName(folder) == path);

    public SimulatedFile Create(string path)
    {
        var file = new SimulatedFile { Name = path };
        _files.Add(path, file);
        _pending.Add(new NameChange(NameChangeKind.Create, path, null, file));
        return file;
    }

    public void Move(string from, string to)
    {
        SimulatedFile file = _files[from];
        _files.Remove(from);
        _files[to] = file;
        file.Name = to;
        _pending.Add(new NameChange(NameChangeKind.Move, from, to, file));
    }

    public void Delete(string path)
    {
        SimulatedFile file = _files[path];
        _files.Remove(path);
        _pending.Add(new NameChange(NameChangeKind.Delete, path, null, file));
    }

    public void MakeFolder(string path)
    {
        if (_folders.Add(path))
        {
            _pending.Add(new NameChange(NameChangeKind.Folder, path, null, null));
        }
    }

    public void SyncFolder(string folder)
    {
        foreach (NameChange change in _pending.Where(change => Path.GetDirectoryName(change.Path) == folder))
        {
            Apply(change, _durableFiles, _durableFolders);
        }

        _pending.RemoveAll(change => Path.GetDirectoryName(change.Path) == folder);
    }

    public bool IsLocked(string path) => _locks.ContainsKey(path);

    public bool TryLock(string path, object owner) => _locks.TryAdd(path, owner);

    public void Unlock(string path, object owner)
    {
        if (_locks.TryGetValue(path, out object? holder) && ReferenceEquals(holder, owner))
        {
            _locks.Remove(path);
        }
    }

    /// <summary>The process is gone: its locks are free, and everything that it wrote is still seen.</summary>
    public void ReleaseLocks() => _locks.Clear();

    /// <summary>The machine stops: what was synced stays; of the rest, each write and each change of a name stays, is lost, or is torn.</summary>
    /// <param name="keep">Decides about each; null to lose everything that was not synced.</param>
    public void Crash(Random? keep)
    {
        foreach (NameChange change in _pending)
        {
            if (keep is not null && keep.Next(2) == 0)
            {
                Apply(change, _durableFiles, _durableFolders);
            }
        }

        _pending = [];
        _folders = [.. _durableFolders.Where(IsReachable)];
        _durableFolders = [.. _folders];
        _files = _durableFiles.Where(file => IsReachable(file.Key)).ToDictionary(StringComparer.Ordinal);
        _durableFiles = new Dictionary<string, SimulatedFile>(_files, StringComparer.Ordinal);
        foreach ((string path, SimulatedFile file) in _files)
        {
            file.Name = path;
            file.Crash(keep);
        }

        ReleaseLocks();
    }

    /// <summary>The same medium once more, to be spoiled in another way.</summary>
    public Medium Clone()
    {
        var copies = _files.Values.Concat(_durableFiles.Values).Concat(_pending.Select(change => change.File).OfType<SimulatedFile>())
            .Distinct().ToDictionary(file => file, file => file.Clone());
        return new Medium
        {
            Quota = Quota,
            _files = _files.ToDictionary(file => file.Key, file => copies[file.Value], StringComparer.Ordinal),
            _durableFiles = _durableFiles.ToDictionary(file => file.Key, file => copies[file.Value], StringComparer.Ordinal),
            _folders = [.. _folders],
            _durableFolders = [.. _durableFolders],
            _pending = [.. _pending.Select(change => change with { File = change.File is null ? null : copies[change.File] })],
        };
    }

    private static void Apply(NameChange change, Dictionary<string, SimulatedFile> files, HashSet<string> folders)
    {
        switch (change.Kind)
        {
            case NameChangeKind.Create:
                files[change.Path] = change.File!;
                break;
            case NameChangeKind.Move:
                RemoveIf(files, change.Path, change.File!);
                files[change.Target!] = change.File!;
                break;
            case NameChangeKind.Delete:
                RemoveIf(files, change.Path, change.File!);
                break;
            default:
                folders.Add(change.Path);
                break;
        }
    }

    private static void RemoveIf(Dictionary<string, SimulatedFile> files, string path, SimulatedFile file)
    {
        if (files.TryGetValue(path, out SimulatedFile? named) && ReferenceEquals(named, file))
        {
            files.Remove(path);
        }
    }

    private bool IsReachable(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not null && Path.GetDirectoryName(folder) is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!_durableFolders.Contains(folder))
            {
                return false;
            }
        }

        return true;
    }

    private enum NameChangeKind
    {
        Create,
        Move,
        Delete,
        Folder,
    }

    private sealed record NameChange(NameChangeKind Kind, string Path, string? Target, SimulatedFile? File);

    /// <summary>A file: what processes see, what is durable, and the writes between the two.</summary>
    internal sealed class SimulatedFile
    {
        private List<(long Offset, byte[]? Bytes)> _pending = [];   // without bytes: cut to this length

        /// <summary>The name that it got last, by which operations on it are told apart.</summary>
        public required string Name { get; set; }

        public Buffer Seen { get; private init; } = new();

        private Buffer Durable { get; init; } = new();

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Seen.Write(offset, bytes);
            _pending.Add((offset, bytes.ToArray()));
        }

        public void SetLength(long length)
        {
            Seen.SetLength(length);
            _pending.Add((length, null));
        }

        public void Sync()
        {
            foreach ((long offset, byte[]? bytes) in _pending)
            {
                Apply(Durable, offset, bytes);
            }

            _pending.Clear();
        }

        /// <summary>What was written stays seen, and is forgotten by everything that could make it durable.</summary>
        public void LosePages() => _pending.Clear();

        public void Crash(Random? keep)
        {
            foreach ((long offset, byte[]? bytes) in _pending)
            {
                switch (keep?.Next(4))
                {
                    case 0:
                        Apply(Durable, offset, bytes);
                        break;
                    case 1 when bytes is not null:
                        Apply(Durable, offset, bytes[..keep.Next(bytes.Length + 1)]);
                        break;
                    case 2 when bytes is not null:
                        KeepSectors(offset, bytes, keep);
                        break;
                    default:
                        break;
                }
            }

            _pending = [];
            Seen.CopyFrom(Durable);
        }

        public SimulatedFile Clone() => new() { Name = Name, Seen = Seen.Clone(), Durable = Durable.Clone(), _pending = [.. _pending] };

        private static void Apply(Buffer buffer, long offset, byte[]? bytes)
        {
            if (bytes is null)
            {
                buffer.SetLength(offset);
            }
            else
            {
                buffer.Write(offset, bytes);
            }
        }

        /// <summary>Some of the sectors, in no order; the length may have become durable without what it counts.</summary>
        private void KeepSectors(long offset, byte[] bytes, Random keep)
        {
            if (keep.Next(2) == 0 && Durable.Length < offset + bytes.Length)
            {
                Durable.SetLength(offset + bytes.Length);
            }

            for (long at = offset; at < offset + bytes.Length;)
            {
                long end = Math.Min(offset + bytes.Length, ((at / SectorBytes) + 1) * SectorBytes);
                if (keep.Next(2) == 0)
                {
                    Durable.Write(at, bytes.AsSpan((int)(at - offset), (int)(end - at)));
                }

                at = end;
            }
        }
    }

    /// <summary>Bytes that grow with zeros.</summary>
    internal sealed class Buffer
    {
        private byte[] _bytes = [];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (offset + bytes.Length > Length)
            {
                SetLength(offset + bytes.Length);
            }

            bytes.CopyTo(_bytes.AsSpan((int)offset));
        }

        public void SetLength(long length)
        {
            if (length > _bytes.Length)
            {
                Array.Resize(ref _bytes, Math.Max((int)length, _bytes.Length * 2));
            }

            if (length < Length)
            {
                _bytes.AsSpan((int)length, Length - (int)length).Clear();
            }

            Length = (int)length;
        }

        public void CopyFrom(Buffer other)
        {
            _bytes = other.Bytes.ToArray();
            Length = other.Length;
        }

        public Buffer Clone()
        {
            var copy = new Buffer();
            copy.CopyFrom(this);
            return copy;
        }
    }
}
