using System.Security.Cryptography;

namespace Indelible.Search.Tests.Indexing;

/// <summary>A log's index, filled and written, in a file of its own.</summary>
internal sealed class IndexedLog : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-index-").FullName;

    public IndexedLog(IReadOnlyList<byte[]?> log, long maxMemory = LiveIndex.MaxMemory)
    {
        Log = log;
        Builder = new ChunkIndexBuilder(0, maxMemory);
        foreach (byte[]? entry in log)
        {
            if (entry is null)
            {
                Builder.AppendMissing();
            }
            else
            {
                Builder.Append(entry);
            }
        }

        Identity = new ChunkIdentity("localhost:7480/logs/main", 0, log.Count, SHA256.HashData([(byte)log.Count]));
    }

    public IReadOnlyList<byte[]?> Log { get; }

    public ChunkIndexBuilder Builder { get; }

    public ChunkIdentity Identity { get; }

    public string Path => System.IO.Path.Combine(_folder, "chunk.index");

    public byte[] Write()
    {
        using var file = new MemoryStream();
        Builder.Write(file, Identity);
        return file.ToArray();
    }

    public ChunkIndex Open() => Open(Write());

    public ChunkIndex Open(byte[] file)
    {
        // A new file each time: a mapped one is never written to.
        File.Delete(Path);
        File.WriteAllBytes(Path, file);
        return IndexFile.Open(Path, Identity, null, default);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
