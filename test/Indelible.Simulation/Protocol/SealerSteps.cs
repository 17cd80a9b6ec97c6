namespace Indelible.Simulation.Protocol;

/// <summary>The sealer's round: full subtrees become segments; what is left in the oldest records moves to the tail file; the journal lets go.</summary>
internal static class SealerSteps
{
    public static void From(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        switch (self.Sealing)
        {
            case Sealing.Idle:
                Begin(world, who, setting, steps);
                break;
            case Sealing.SegmentNamed:
                SyncName(world, who, setting, steps);
                break;
            case Sealing.SegmentDurable:
                TakeSegment(world, who, steps);
                break;
            case Sealing.SegmentTaken:
                World dropped = world.Tail.End <= self.Sealed ? world with { Tail = world.Tail.Release(world.Tail.End) } : world;
                steps.Add(who, "drops the tail file that the segment covers", dropped.With(who, self with { Sealing = Sealing.Idle }));
                break;
            case Sealing.MoveWritten:
                SyncTail(world, who, setting, steps);
                break;
            case Sealing.MoveDurable:
                Release(world, who, steps);
                break;
        }
    }

    private static void Begin(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        if (self.Log.Count - self.Sealed >= Bounds.SegmentEntries)
        {
            Put(world, who, setting, steps);
            return;
        }

        // Which record a journal wants to begin with is its own matter: each boundary that the instance knows of is tried.
        int end = setting.Mutation == Mutation.ReleasesBeyondItsFold ? world.Journal.End : self.Log.Count;
        for (int target = world.Journal.First + 1; target <= Math.Min(end, world.Journal.Durable); target++)
        {
            if (target == world.Journal.End || (world.Records & (1 << target)) != 0)
            {
                Move(world, who, target, setting, steps);
            }
        }
    }

    private static void Put(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        if (world.Segments.End > self.Sealed)
        {
            steps.Add(who, "finds the segment that another round has put", world.With(who, self with { Sealing = Sealing.SegmentDurable }));
            return;
        }

        Instance stopped = self with { Sealing = Sealing.Stopped };
        Entries sealedEntries = self.Log.Slice(self.Sealed, self.Sealed + Bounds.SegmentEntries);
        World named = world with { Segments = world.Segments with { Content = world.Segments.Content.Add(sealedEntries) } };
        if (!setting.IsShared)
        {
            steps.Add(who, "names a segment that was synced and read back", named.With(who, self with { Sealing = Sealing.SegmentNamed }));
            return;
        }

        World put = named with { Segments = named.Segments.Sync() };
        steps.Add(who, "puts a segment", put.With(who, self with { Sealing = Sealing.SegmentDurable }));
        steps.Add(who, "puts a segment and is told that it failed", put.With(who, stopped));
    }

    private static void SyncName(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        World stopped = world.With(who, self with { Sealing = Sealing.Stopped });
        World durable = world with { Segments = world.Segments.Sync() };
        steps.Add(who, "syncs the segment's name", durable.With(who, self with { Sealing = Sealing.SegmentDurable }));
        steps.Add(who, "fails to sync the segment's name, and it stays in the page cache", stopped);
        steps.Add(who, "fails to sync the segment's name, and it is nowhere", stopped with { Segments = world.Segments.Surely });
        if (setting.Mutation == Mutation.TakesSegmentBeforeItsNameIsDurable)
        {
            TakeSegment(world, who, steps);
        }
    }

    /// <summary>The segment replaces its entries in the instance's view, between two groups of the sequencer's loop.</summary>
    private static void TakeSegment(World world, int who, Steps steps)
    {
        Instance self = world[who];
        if (self.Sequencing == Sequencing.Idle)
        {
            byte end = (byte)(self.Sealed + Bounds.SegmentEntries);
            steps.Add(who, "takes the segment", world.With(who, self with { Sealing = Sealing.SegmentTaken, Sealed = end, Moved = Math.Max(end, self.Moved) }));
        }
        else if (self.Sequencing == Sequencing.Stopped)
        {
            steps.Add(who, "stops sealing, because the sequencer has stopped", world.With(who, self with { Sealing = Sealing.Stopped }));
        }
    }

    private static void Move(World world, int who, int target, Setting setting, Steps steps)
    {
        Instance self = world[who];
        int end = Math.Min(target, self.Log.Count);
        if (end <= self.Moved)
        {
            steps.Add(who, "finds the journal's oldest entries elsewhere", world.With(who, self with { Sealing = Sealing.MoveDurable, Target = (byte)target }));
            return;
        }

        if (!world.Tail.IsEmpty && world.Tail.End != self.Moved)
        {
            return;   // The tail file has gone on without this instance: nothing is changed, and the round is put off.
        }

        World written = world with { Tail = world.Tail.Write(self.Moved, self.Log.Slice(self.Moved, end)) };
        if (!setting.IsShared)
        {
            steps.Add(who, "writes the journal's oldest entries into the tail file", written.With(who, self with { Sealing = Sealing.MoveWritten, Target = (byte)target }));
            return;
        }

        World moved = written with { Tail = written.Tail.Sync() };
        steps.Add(who, "moves the journal's oldest entries to the tail file", moved.With(who, self with { Sealing = Sealing.MoveDurable, Target = (byte)target, Moved = (byte)end }));
        steps.Add(who, "moves the journal's oldest entries to the tail file and is told that it failed", moved.With(who, self with { Sealing = Sealing.Stopped }));
    }

    private static void SyncTail(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        World stopped = world.With(who, self with { Sealing = Sealing.Stopped, Target = 0 });
        World durable = world with { Tail = world.Tail.Sync() };
        steps.Add(who, "syncs the tail file", durable.With(who, self with { Sealing = Sealing.MoveDurable, Moved = (byte)world.Tail.End }));
        steps.Add(who, "fails to sync the tail file, and the entries stay in the page cache", stopped);
        steps.Add(who, "fails to sync the tail file, and the entries are nowhere", stopped with { Tail = world.Tail.Surely });
        if (setting.Mutation == Mutation.ReleasesBeforeTailIsDurable)
        {
            Release(world, who, steps);
        }
    }

    private static void Release(World world, int who, Steps steps)
    {
        Instance self = world[who];
        World released = world with
        {
            Journal = world.Journal.Release(Math.Max(self.Target, world.Journal.First)),
            Records = (byte)(world.Records & ~((1 << self.Target) - 1)),
        };
        steps.Add(who, "has the journal release its oldest entries", released.With(who, self with { Sealing = Sealing.Idle, Target = 0 }));
    }
}
