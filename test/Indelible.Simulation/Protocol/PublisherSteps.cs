namespace Indelible.Simulation.Protocol;

/// <summary>The publisher's round: check against the last head, sign, swap into the checkpoint store, show; stop where the outcome is unknown.</summary>
internal static class PublisherSteps
{
    public static void From(World world, int who, Setting setting, Steps steps)
    {
        switch (world[who].Publishing)
        {
            case Publishing.Idle when world[who].Log.Count != world[who].Shown.Count:
                Sign(world, who, setting, steps);
                break;
            case Publishing.Signed when setting.IsShared:
                SwapInService(world, who, setting, steps);
                break;
            case Publishing.Signed:
                WriteToFile(world, who, steps);
                break;
            case Publishing.Written:
                SyncFile(world, who, steps);
                break;
            case Publishing.Recorded:
                Instance self = world[who];
                steps.Add(who, "shows the head", world.With(who, self with { Publishing = Publishing.Idle, Next = default }).Show(who, self.Next));
                break;
        }
    }

    private static void Sign(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        if (!self.Log.StartsWith(self.Shown))
        {
            steps.Add(who, "finds that its head does not extend the last one and stops publishing", world.With(who, Stopped(self)));
            return;
        }

        World signed = world.With(who, self with { Publishing = Publishing.Signed, Next = self.Log });
        if (setting.Mutation != Mutation.ShowsBeforeRecorded)
        {
            steps.Add(who, "signs a head", signed);
            return;
        }

        World shown = signed.Show(who, self.Log);
        steps.Add(who, "signs a head and shows it", shown.With(who, shown[who] with { Shown = self.Shown }));
    }

    private static void WriteToFile(World world, int who, Steps steps)
    {
        Instance self = world[who];
        steps.Add(who, "finds no room in the checkpoint store and puts the round off", world.With(who, self with { Publishing = Publishing.Idle, Next = default }));
        steps.Add(who, "writes the head into the checkpoint store", world.With(who, self with { Publishing = Publishing.Written }) with { HeadRead = self.Next });
    }

    private static void SyncFile(World world, int who, Steps steps)
    {
        Instance self = world[who];
        World stopped = world.With(who, Stopped(self));
        steps.Add(who, "syncs the checkpoint store", world.Record(self.Next).With(who, self with { Publishing = Publishing.Recorded }));
        steps.Add(who, "fails to sync the checkpoint store, and the head stays in the page cache", stopped);
        steps.Add(who, "fails to sync the checkpoint store, and the head is nowhere", stopped with { HeadRead = stopped.Head });
        steps.Add(who, "fails to sync the checkpoint store, and the head is on disk", stopped.Record(self.Next));
    }

    private static void SwapInService(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        World stopped = world.With(who, Stopped(self));
        if (world.Head == self.Shown || setting.Mutation == Mutation.RecordsWithoutCompare)
        {
            steps.Add(who, "records the head", world.Record(self.Next).With(who, self with { Publishing = Publishing.Recorded }));
            steps.Add(who, "records the head and is told that it failed", stopped.Record(self.Next));
        }
        else
        {
            steps.Add(who, "is told that another head is recorded and stops publishing", stopped);
        }

        steps.Add(who, "is told that recording failed, and it did", stopped);
        if (world.LateSwap == default)
        {
            steps.Add(who, "is told that recording failed, and it is still under way", stopped with { LateSwap = new LateSwap(self.Shown, self.Next) });
        }
    }

    private static Instance Stopped(Instance self) => self with { Publishing = Publishing.Stopped, Next = default };
}
