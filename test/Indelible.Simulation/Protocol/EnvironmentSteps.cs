namespace Indelible.Simulation.Protocol;

/// <summary>What happens to the instances and the stores: kills, power cuts, operations that take effect late, earlier copies put in place.</summary>
internal static class EnvironmentSteps
{
    public static void From(World world, Setting setting, Steps steps)
    {
        if (world.Crashes < setting.Bounds.Crashes)
        {
            World crashed = world with { Crashes = (byte)(world.Crashes + 1) };
            for (int who = 0; who < setting.Instances; who++)
            {
                if (world[who].Life != Life.Down)
                {
                    Kill(crashed, who, setting, steps);
                }
            }

            if (!setting.IsShared)
            {
                CutPower(crashed, steps);
            }
        }

        if (world.LateAppend.Group.Count > 0)
        {
            LandAppend(world, setting, steps);
        }

        if (world.LateSwap.Next.Count > 0)
        {
            LandSwap(world, setting, steps);
        }

        if (setting.MaySetBack && !world.IsSetBack && world.A.Life == Life.Down)
        {
            SetBack(world, steps);
        }
    }

    private static void Kill(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        World killed = world.With(who, self.Crashed);
        steps.Add(who, "is killed", killed);
        if (!setting.IsShared)
        {
            return;
        }

        if (self.Sequencing == Sequencing.Decided && world.LateAppend == default)
        {
            steps.Add(who, "is killed, and its append is still under way", killed with { LateAppend = new LateAppend((byte)self.Log.Count, self.Group) });
        }

        if (self.Publishing == Publishing.Signed && world.LateSwap == default)
        {
            steps.Add(who, "is killed, and its swap is still under way", killed with { LateSwap = new LateSwap(self.Shown, self.Next) });
        }
    }

    /// <summary>The machine goes down: of what is not durable, each part is there afterwards or is not.</summary>
    private static void CutPower(World world, Steps steps)
    {
        bool mayLose = !world.Journal.IsDurable || !world.Tail.IsDurable || !world.Segments.IsDurable || world.Head != world.HeadRead;
        if (!mayLose)
        {
            return;   // No other than a kill.
        }

        World off = world with { A = world.A.Crashed };
        foreach (bool keepsJournal in Either(world.Journal.IsDurable))
        {
            foreach (bool keepsTail in Either(world.Tail.IsDurable))
            {
                foreach (bool keepsSegments in Either(world.Segments.IsDurable))
                {
                    foreach (bool keepsHead in Either(world.Head == world.HeadRead))
                    {
                        World left = keepsJournal ? off with { Journal = off.Journal.Sync() } : off.LoseWhatIsNotDurable();
                        steps.Add("the power is cut", (keepsHead ? left.Record(left.HeadRead) : left with { HeadRead = left.Head }) with
                        {
                            Tail = keepsTail ? left.Tail.Sync() : left.Tail.Surely,
                            Segments = keepsSegments ? left.Segments.Sync() : left.Segments.Surely,
                        });
                    }
                }
            }
        }
    }

    private static bool[] Either(bool isDurable) => isDurable ? [true] : [true, false];

    private static void LandAppend(World world, Setting setting, Steps steps)
    {
        LateAppend late = world.LateAppend;
        World decided = world with { LateAppend = default };
        if (!SequencerSteps.Accepts(world, late.Index, setting))
        {
            steps.Add("the append that was under way finds another end", decided);
            return;
        }

        World landed = decided.Journalise(late.Index, late.Group);
        steps.Add("the append that was under way takes effect", landed with { Journal = landed.Journal.Sync() });
    }

    private static void LandSwap(World world, Setting setting, Steps steps)
    {
        LateSwap late = world.LateSwap;
        World decided = world with { LateSwap = default };
        bool accepts = world.Head == late.Previous || setting.Mutation == Mutation.RecordsWithoutCompare;
        steps.Add(
            accepts ? "the swap that was under way takes effect" : "the swap that was under way finds another head",
            accepts ? decided.Record(late.Next) : decided);
    }

    /// <summary>An earlier copy of the folder, of a time when its entries were in the journal still, is put in its place.</summary>
    private static void SetBack(World world, Steps steps)
    {
        World.TryFold(world.Segments, world.Tail, world.Journal, out Entries log);
        for (int size = 0; size < log.Count; size++)
        {
            steps.Add("the folder is set back to an earlier copy", world with
            {
                Journal = Place.Holding(log.First(size)),
                Records = (byte)((1 << size) - 1),
                Tail = default,
                Segments = default,
                IsSetBack = true,
            });
        }
    }
}
