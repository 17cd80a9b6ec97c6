namespace Indelible.Simulation.Protocol;

/// <summary>Who appends: sends events, sends one again under the same id while it has no answer, and remembers every receipt.</summary>
/// <param name="Events">How many different events have been sent.</param>
/// <param name="Attempts">Two bits an event: how often it was sent again. Each attempt is another entry, because its salt differs.</param>
/// <param name="Receipts">Eight bits an event: the acknowledged entry and, above it, its index + 1; 0 without a receipt.</param>
internal readonly record struct Client(byte Events, ushort Attempts, ulong Receipts)
{
    /// <summary>The largest number of events: entries have four bits.</summary>
    public const int MaxEvents = 5;

    public const int MaxAttempts = 3;

    public static int EntryOf(int eventNumber, int attempt) => 1 + (MaxAttempts * eventNumber) + attempt;

    public static int EventOf(int entry) => (entry - 1) / MaxAttempts;

    public static string NameOf(int entry) => (char)('a' + EventOf(entry)) + new string('\'', (entry - 1) % MaxAttempts);

    public int AttemptsOf(int eventNumber) => (Attempts >> (2 * eventNumber)) & 3;

    public bool HasReceipt(int eventNumber) => ReceiptOf(eventNumber).Index >= 0;

    public (int Index, int Entry) ReceiptOf(int eventNumber)
    {
        int receipt = (int)(Receipts >> (8 * eventNumber)) & 0xFF;
        return ((receipt >> 4) - 1, receipt & 0xF);
    }

    public Client SendNew(int count) => this with { Events = (byte)(Events + count) };

    public Client SendAgain(int eventNumber) => this with { Attempts = (ushort)(Attempts + (1 << (2 * eventNumber))) };

    public Client Acknowledge(int index, int entry) =>
        this with { Receipts = Receipts | ((ulong)(((index + 1) << 4) | entry) << (8 * EventOf(entry))) };

    /// <summary>One bit for each event with a receipt.</summary>
    public int Promised()
    {
        int promised = 0;
        for (int i = 0; i < Events; i++)
        {
            promised |= HasReceipt(i) ? 1 << i : 0;
        }

        return promised;
    }

    /// <summary>Whether a log holds what the receipts of the given events say, where they say it.</summary>
    public bool IsKeptBy(Entries log, int promised)
    {
        for (int i = 0; i < Events; i++)
        {
            if ((promised & (1 << i)) != 0)
            {
                (int index, int entry) = ReceiptOf(i);
                if (index >= log.Count || log[index] != entry)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Whether a log, as far as it reaches, holds what every receipt says.</summary>
    public bool AgreesWith(Entries log)
    {
        for (int i = 0; i < Events; i++)
        {
            (int index, int entry) = ReceiptOf(i);
            if (index >= 0 && index < log.Count && log[index] != entry)
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString()
    {
        Client self = this;
        return string.Join(" ", Enumerable.Range(0, Events).Where(self.HasReceipt).Select(self.ReceiptOf).Select(receipt => $"{NameOf(receipt.Entry)}@{receipt.Index}"));
    }
}
