namespace Indelible.Cli.Demo;

/// <summary>Thirty days of Brackwater Clinic's records system: a small company's application, with an incident hidden in it.</summary>
/// <remarks>
/// A pure function of its parameters: the same give the same bytes. <c>docs/demo.md</c> tells the story as the default seed and end
/// give it, and how to find it. All people, networks (RFC 5737, RFC 1918) and names (RFC 2606) are invented. Thread-safe.
/// </remarks>
/// <param name="seed">Decides every name, time and choice.</param>
/// <param name="end">Where the thirty days end; the incident's night starts four days before this day's midnight (UTC).</param>
/// <param name="eventCount">About how many events; at least what the incident takes are made.</param>
internal sealed class DemoCompany(ulong seed, DateTimeOffset end, int eventCount)
{
    /// <summary>The seed that the documentation tells of.</summary>
    public const ulong DefaultSeed = 7480;

    /// <summary>About as many events as such a company has in thirty days.</summary>
    public const int DefaultEventCount = 20_000;

    /// <summary>How many days are told.</summary>
    public const int Days = 30;

    /// <summary>The end that the documentation tells of: times in it can be looked up as they are printed.</summary>
    public static readonly DateTimeOffset DefaultEnd = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Makes the story, sorted by time.</summary>
    /// <returns>One claim of schema <c>audit/1</c> each: UTF-8 JSON, ids distinct, producers' sequences without gaps.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of events is negative or above a million.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Claims()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(eventCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventCount, 1_000_000);
        return Events().Select(e => e.ToUtf8());
    }

    private List<DemoEvent> Events()
    {
        DateTimeOffset utcEnd = end.ToUniversalTime();
        DateTimeOffset start = utcEnd.AddDays(-Days);
        var staff = new DemoStaff(new SeededRandom(seed ^ 1));
        List<DemoEvent> incident = new DemoIncident(new SeededRandom(seed ^ 2), staff, Midnight(utcEnd).AddDays(-3)).Events();
        List<DemoEvent> days = new DemoDays(new SeededRandom(seed ^ 3), staff).Events(start, utcEnd, Math.Max(0, eventCount - incident.Count));

        // A stable sort: events of the same instant keep the order in which they were caused.
        List<DemoEvent> all = [.. days.Concat(incident).Where(e => e.Time >= start && e.Time < utcEnd).OrderBy(e => e.Time)];
        Number(all, new SeededRandom(seed ^ 4));
        return all;
    }

    /// <summary>Gives every event its id and, service by service, its place in the stream of the process that wrote it.</summary>
    private static void Number(List<DemoEvent> all, SeededRandom random)
    {
        var streams = new Dictionary<string, (string Id, long Sequence)>(StringComparer.Ordinal);
        foreach (DemoEvent e in all)
        {
            (string id, long sequence) = streams.TryGetValue(e.Service, out (string, long) known) ? known : (random.Uuid4(), 0);
            e.Id = random.Uuid7(e.Time);
            e.StreamId = id;
            e.Sequence = sequence + 1;
            streams[e.Service] = (id, e.Sequence);
            if (e.EndsStream)
            {
                streams.Remove(e.Service);
            }
        }
    }

    private static DateTimeOffset Midnight(DateTimeOffset time) => new(time.Date, TimeSpan.Zero);
}
