using Indelible.Engine.Storage.Files;

namespace Indelible.Engine;

/// <summary>How a node runs. Nothing here changes what is written for ever.</summary>
public sealed class EngineOptions
{
    /// <summary>How often heads are signed while a log grows and nobody waits. Default 1 s; 10 ms to 60 s: receipts promise a head within 60 s.</summary>
    public TimeSpan PublishInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often full subtrees are looked for and sealed. Default 1 s; 10 ms to 1 hour.</summary>
    public TimeSpan SealInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The folder of the checkpoint store. Default: <c>checkpoints</c> in the data folder; better on another volume.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>The master key, where it is not in the data folder: 32 bytes. Default: the folder's <c>master.key</c>.</summary>
    public ReadOnlyMemory<byte>? MasterKey { get; init; }

    /// <summary>Whether a folder that seems to be a copy of another is served, as the folder itself from then on. Default: refused.</summary>
    public bool AcceptsCopy { get; init; }

    /// <summary>The journal's sizes.</summary>
    public FileJournalOptions Journal { get; init; } = new();

    /// <summary>
    /// Whether sequencer, publisher and sealer take their turns only when <see cref="LogEngine.SequenceAsync"/>,
    /// <see cref="LogEngine.PublishAsync"/> and <see cref="LogEngine.SealAsync"/> are called, all on one thread: a simulation then
    /// repeats every run from its seed. Default: each has its own loop.
    /// </summary>
    internal bool IsStepped { get; init; }

    /// <summary>How far the checkpoint store's file grows before it is written anew, in bytes. Default 4 MiB.</summary>
    internal long CheckpointRewriteBytes { get; init; } = 4 << 20;

    /// <summary>Everything that is wrong with these options.</summary>
    public IEnumerable<string> Faults()
    {
        if (PublishInterval < TimeSpan.FromMilliseconds(10) || PublishInterval > TimeSpan.FromSeconds(60))
        {
            yield return $"publish interval: {PublishInterval} is not between 10 ms and 60 s";
        }

        if (SealInterval < TimeSpan.FromMilliseconds(10) || SealInterval > TimeSpan.FromHours(1))
        {
            yield return $"seal interval: {SealInterval} is not between 10 ms and 1 hour";
        }

        if (Journal.FileBytes < 64 << 10)
        {
            yield return $"journal file bytes: {Journal.FileBytes} is below 65536";
        }

        if (Journal.FilesKept < 1)
        {
            yield return $"journal files kept: {Journal.FilesKept} is below 1";
        }
    }
}
