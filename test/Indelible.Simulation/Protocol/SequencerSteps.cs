namespace Indelible.Simulation.Protocol;

/// <summary>The sequencer's loop: decide a group, append it to the journal, apply it, answer; stop where the outcome is unknown.</summary>
internal static class SequencerSteps
{
    public static void From(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        switch (self.Sequencing)
        {
            case Sequencing.Idle:
                Decide(world, who, setting, steps);
                break;
            case Sequencing.Decided when setting.IsShared:
                AppendToService(world, who, setting, steps);
                break;
            case Sequencing.Decided:
                AppendToFile(world, who, setting, steps);
                break;
            case Sequencing.Written:
                SyncFile(world, who, setting, steps);
                break;
            case Sequencing.Durable:
                steps.Add(who, "applies the group", world.With(who, self with { Sequencing = Sequencing.Applied, Log = self.Log.Add(self.Group) }));
                break;
            case Sequencing.Applied:
                World answered = world.With(who, self with { Sequencing = Sequencing.Idle, Group = default });
                steps.Add(who, "answers with receipts", Acknowledge(answered, self.Log.Count - self.Group.Count, self.Group));
                steps.Add(who, "answers, and the answer is lost", answered);
                break;
        }
    }

    /// <summary>Whether the journal ends where an append expects it.</summary>
    public static bool Accepts(World world, int index, Setting setting) =>
        world.Journal.End == index
        || setting.Mutation == Mutation.AppendsWithoutCompare
        || (setting.Mutation == Mutation.JournalForgetsEndWhenReleased && world.Journal.IsEmpty);

    private static void Decide(World world, int who, Setting setting, Steps steps)
    {
        Client client = world.Client;
        for (int count = 1; count <= Math.Min(Bounds.GroupEntries, setting.Bounds.Events - client.Events); count++)
        {
            Entries group = default;
            for (int i = 0; i < count; i++)
            {
                group = group.Add(Client.EntryOf(client.Events + i, 0));
            }

            Take(world with { Client = client.SendNew(count) }, who, group, steps);
        }

        if (world.SentAgain == setting.Bounds.SentAgain)
        {
            return;
        }

        for (int sent = 0; sent < client.Events; sent++)
        {
            if (!client.HasReceipt(sent) && client.AttemptsOf(sent) < Client.MaxAttempts - 1)
            {
                TakeAgain(world with { Client = client.SendAgain(sent), SentAgain = (byte)(world.SentAgain + 1) }, who, sent, steps);
            }
        }
    }

    private static void Take(World world, int who, Entries group, Steps steps) =>
        steps.Add(who, "decides a group", world.With(who, world[who] with { Sequencing = Sequencing.Decided, Group = group }));

    /// <summary>An event that was sent before: answered from the log if it is there, else a new entry.</summary>
    private static void TakeAgain(World world, int who, int sent, Steps steps)
    {
        Instance self = world[who];
        int index = self.KnowsIds ? self.Log.IndexOfEvent(sent) : -1;
        if (index >= 0)
        {
            steps.Add(who, "answers a repeat with a receipt", Acknowledge(world, index, Entries.Of(self.Log[index])));
            return;
        }

        Take(world, who, Entries.Of(Client.EntryOf(sent, world.Client.AttemptsOf(sent))), steps);
    }

    private static void AppendToFile(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        steps.Add(who, "finds no room for another journal file and refuses the group", world.With(who, self with { Sequencing = Sequencing.Idle, Group = default }));

        // The file's end moves when a sync has returned, so that a group in doubt is written over; a driver that only ever adds would not do that.
        World place = setting.Mutation == Mutation.TakesUnknownOutcomeForFailure ? world.CutJournal(self.Log.Count) : world;
        int index = setting.Mutation == Mutation.GoesOnAfterUnknownOutcome ? world.Journal.End : self.Log.Count;
        World written = place.Journalise(index, self.Group).With(who, self with { Sequencing = Sequencing.Written });
        steps.Add(who, "writes the group into the journal", setting.Mutation == Mutation.AcknowledgesBeforeSync
            ? Acknowledge(written, self.Log.Count, self.Group)
            : written);
    }

    private static void SyncFile(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        World synced = world with { Journal = world.Journal.Sync() };
        steps.Add(who, "syncs the journal", synced.With(who, self with { Sequencing = Sequencing.Durable }));

        Instance failed = setting.Mutation == Mutation.SyncsAgainAfterFailure ? self with { Sequencing = Sequencing.Durable } : InDoubt(self, setting);
        steps.Add(who, "fails to sync the journal, and the group stays in the page cache", world.With(who, failed));
        steps.Add(who, "fails to sync the journal, and the group is nowhere", world.LoseWhatIsNotDurable().With(who, failed));
        steps.Add(who, "fails to sync the journal, and the group is on disk", synced.With(who, failed));
    }

    private static void AppendToService(World world, int who, Setting setting, Steps steps)
    {
        Instance self = world[who];
        Instance stopped = self with { Sequencing = Sequencing.Stopped, Group = default };
        Instance unknown = InDoubt(self, setting);
        int index = IsReckless(setting) ? world.Journal.End : self.Log.Count;
        if (Accepts(world, index, setting))
        {
            World appended = world.Journalise(index, self.Group);
            appended = appended with { Journal = appended.Journal.Sync() };
            steps.Add(who, "appends the group to the journal", appended.With(who, self with { Sequencing = Sequencing.Durable }));
            steps.Add(who, "appends the group to the journal and is told that it failed", appended.With(who, unknown));
        }
        else
        {
            steps.Add(who, "is told that the log ends elsewhere and stops", world.With(who, stopped));
        }

        steps.Add(who, "is told that the append failed, and it did", world.With(who, unknown));
        if (world.LateAppend == default)
        {
            steps.Add(who, "is told that the append failed, and it is still under way", world.With(who, unknown) with
            {
                LateAppend = new LateAppend((byte)index, self.Group),
            });
        }
    }

    /// <summary>What an instance becomes that does not know whether its group is in the journal.</summary>
    private static Instance InDoubt(Instance self, Setting setting) => self with
    {
        Sequencing = setting.Mutation is Mutation.GoesOnAfterUnknownOutcome or Mutation.TakesUnknownOutcomeForFailure ? Sequencing.Idle : Sequencing.Stopped,
        Group = default,
    };

    private static bool IsReckless(Setting setting) => setting.Mutation is Mutation.GoesOnAfterUnknownOutcome or Mutation.AppendsWithoutCompare;

    /// <summary>The client gets receipts for entries that stand from an index on.</summary>
    private static World Acknowledge(World world, int index, Entries entries)
    {
        Client client = world.Client;
        for (int i = 0; i < entries.Count; i++)
        {
            if (!client.HasReceipt(Client.EventOf(entries[i])))
            {
                client = client.Acknowledge(index + i, entries[i]);
            }
            else if (client.ReceiptOf(Client.EventOf(entries[i])) != (index + i, entries[i]))
            {
                world = world with { Broken = world.Broken | Invariants.AcknowledgedIsDurable };
            }
        }

        return world with { Client = client };
    }
}
