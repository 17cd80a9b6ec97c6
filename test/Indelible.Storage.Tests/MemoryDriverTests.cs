using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Memory;

namespace Indelible.Storage.Tests;

public sealed class MemoryJournalTests : JournalContract
{
    private readonly MemoryJournal _journal = new() { RecordsKept = 10 };

    protected override IJournal Open() => _journal;
}

public sealed class MemorySegmentStoreTests : SegmentStoreContract
{
    private readonly MemorySegmentStore _store = new();

    protected override ISegmentStore Open() => _store;
}

public sealed class MemoryCheckpointStoreTests : CheckpointStoreContract
{
    private readonly MemoryCheckpointStore _store = new();

    protected override ICheckpointStore Open() => _store;
}

public sealed class MemoryTailStoreTests : TailStoreContract
{
    private readonly MemoryTailStore _store = new();

    protected override ITailStore Open() => _store;
}
