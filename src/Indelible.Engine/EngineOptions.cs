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

    /// <summary>The journal's sizes.</summary>
    public FileJournalOptions Journal { get; init; } = new();

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
