namespace Indelible.Simulation.Protocol;

/// <summary>Starting an instance: heads, journal, segments, tail file; then the fold, and its comparison with the recorded head.</summary>
internal static class RecoverySteps
{
    public static void From(World world, int who, Setting setting, Steps steps)
    {
        bool readsHeads = setting.Mutation != Mutation.RecoveryReadsHeadsLast;
        switch (world[who].Life)
        {
            case Life.Down:
                World begun = world.With(who, world[who] with { Life = Life.HeadsRead });
                steps.Add(who, "starts and reads the recorded heads", readsHeads ? ReadHeads(begun, who, setting) : begun);
                break;
            case Life.HeadsRead:
                steps.Add(who, "reads the journal", ReadJournal(world, who, setting));
                break;
            case Life.JournalRead:
                steps.Add(who, "reads segments and tail file", ReadRest(world, who, setting));
                break;
            case Life.SegmentsRead:
                Adopt(readsHeads ? world : ReadHeads(world, who, setting), who, setting, steps);
                break;
        }
    }

    private static World ReadHeads(World world, int who, Setting setting)
    {
        World read = world.With(who, world[who] with { Next = world.HeadRead });

        // A failed sync may have left the head in the page cache: it is written anew and synced before anybody relies on it.
        return setting.IsShared || setting.Mutation == Mutation.RecoveryBelievesCachedHeads ? read : read.Record(world.HeadRead);
    }

    private static World ReadJournal(World world, int who, Setting setting)
    {
        World read = setting.Mutation switch
        {
            Mutation.RecoveryDropsLastRecord when world.Records != 0 => world.CutJournal(int.Log2(world.Records)),
            _ => world,
        };
        if (!setting.IsShared && setting.Mutation != Mutation.RecoveryBelievesCachedJournal)
        {
            read = read with { Journal = read.Journal.Sync() };
        }

        return read.With(who, read[who] with
        {
            Life = Life.JournalRead,
            Log = read.Journal.Content,
            Target = read.Journal.First,
            Promised = (byte)read.Client.Promised(),
        });
    }

    private static World ReadRest(World world, int who, Setting setting)
    {
        Instance self = world[who];
        World read = world;
        if (!setting.IsShared && setting.Mutation != Mutation.RecoveryBelievesCachedSegmentNames)
        {
            read = read with { Segments = read.Segments.Sync() };
        }

        if (!setting.IsShared && setting.Mutation != Mutation.RecoveryBelievesCachedTail && !read.Journal.IsEmpty)
        {
            read = read with { Tail = read.Tail.Cut(read.Journal.First) };
        }

        var journal = new Place(self.Log, self.Target, (byte)self.Log.Count);
        bool isWhole = World.TryFold(read.Segments, read.Tail, journal, out Entries log);
        byte sealedEnd = (byte)read.Segments.End;
        if (!setting.IsShared && isWhole && read.Tail.End <= sealedEnd)
        {
            read = read with { Tail = read.Tail.Release(read.Tail.End) };
        }

        return read.With(who, self with
        {
            Life = isWhole ? Life.SegmentsRead : Life.Refused,
            Log = isWhole ? log : default,
            Sealed = sealedEnd,
            Moved = read.Tail.IsEmpty ? sealedEnd : (byte)Math.Max(sealedEnd, read.Tail.End),
            Target = 0,
        }) with
        {
            Broken = read.Broken | (isWhole || read.IsSetBack ? Invariants.None : Invariants.UndamagedStarts),
        };
    }

    /// <summary>Compares the rebuilt log with the recorded head, which is the first to be shown.</summary>
    private static void Adopt(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        Entries head = self.Next;
        if (!world.IsSetBack && !world.Client.IsKeptBy(self.Log, self.Promised))
        {
            world = world with { Broken = world.Broken | Invariants.RecoveredHoldsAcknowledged };
        }

        if (!self.Log.StartsWith(head))
        {
            if (setting.Mutation != Mutation.RecoveryIgnoresHeads)
            {
                steps.Add(who, "refuses to start, because the log is smaller than or contradicts the recorded head", world.With(who, new Instance { Life = Life.Refused, Seen = self.Seen }) with
                {
                    Broken = world.Broken | (world.IsSetBack ? Invariants.None : Invariants.UndamagedStarts),
                });
                return;
            }

            head = self.Log;
            world = world.Record(head);
        }

        Instance up = self with { Life = Life.Up, Next = default, Promised = 0, KnowsIds = setting.Mutation != Mutation.RecoveryForgetsIds };
        steps.Add(who, "is up and shows the recorded head", world.With(who, up).Show(who, head));
    }
}
