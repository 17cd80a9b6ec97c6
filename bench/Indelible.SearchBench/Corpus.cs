using System.Globalization;
using System.Text;
using Indelible.Cli.Demo;
using Indelible.Events;
using Indelible.Privacy;

namespace Indelible.SearchBench;

/// <summary>Thirty days of as many companies as it takes, each as the demonstration tells of one, with the incident in the first.</summary>
/// <remarks>
/// A company has some 20,000 events in these days, so that more events are more companies: who searches for one person finds as many
/// events in ten million as in one. Beside what the demonstration has, each event says in <c>data</c> whose it is, and some carry a
/// message of invented words. A pure function of its parameters; one day is in memory at a time.
/// </remarks>
/// <param name="count">How many events, at least 20,000.</param>
/// <param name="isRich">Whether every event has a message, of a vocabulary that gives some 200,000 terms for each segment.</param>
/// <param name="subjects">Keys to seal personal values under, as a log does; null for entries in clear, which no log has.</param>
internal sealed class Corpus(int count, bool isRich, Subjects? subjects)
{
    private const ulong Seed = 7_480;
    private const int CompanyEvents = 20_000;
    private const int MaxCompanies = 5_000;
    private const int MessagePerMille = 200;
    private static readonly string[] s_results = ["ok", "ok", "ok", "ok", "ok", "late", "late", "partial", "repeated", "void"];

    /// <summary>When it begins.</summary>
    public static DateTimeOffset Start => DemoCompany.DefaultEnd.AddDays(-DemoCompany.Days);

    /// <summary>How many events.</summary>
    public int Count => count;

    /// <summary>Whether every event has a message.</summary>
    public bool IsRich => isRich;

    /// <summary>The words that messages are made of.</summary>
    public Vocabulary Words { get; } = isRich ? new Vocabulary(300_000, 2) : new Vocabulary(20_000, 4);

    /// <summary>The words of <c>data.result</c>.</summary>
    public static IReadOnlyList<string> Outcomes => s_results;

    /// <summary>How many companies.</summary>
    public int Companies => Math.Clamp(count / CompanyEvents, 1, MaxCompanies);

    /// <summary>The entries that a log makes of the events, in the order of their times: canonical JSON with the envelope's members.</summary>
    public IEnumerable<byte[]> Entries()
    {
        foreach ((DemoEvent made, string tenant, SeededRandom random) in Made())
        {
            byte[] claim = Claim(made, tenant, random);
            DateTimeOffset received = made.Time.AddTicks(20_000 + random.Next(400_000));
            string receivedAt = Instant.Format(received);
            if (subjects is not null)
            {
                yield return Sealed(claim, receivedAt, random);
                continue;
            }

            string envelope = $$""","ingest":{"auth_at":5,"key_id":"w_0123456789abcdef","principal":"key:w_0123456789abcdef","protocol":"api"},"received_at":"{{receivedAt}}","salt":"{{random.Hex(22)}}"}""";
            yield return CanonicalJson.TryCanonicalize([.. claim.AsSpan(0, claim.Length - 1), .. Encoding.UTF8.GetBytes(envelope)], out byte[]? entry, out IReadOnlyList<Fault> faults)
                ? entry
                : throw new InvalidOperationException($"The event is no canonical JSON: {faults[0]}");
        }
    }

    private byte[] Sealed(byte[] claim, string receivedAt, SeededRandom random) => EntryBuilder.Build(Events.Claim.Parse(claim), new EntryContext
    {
        Origin = EntryFolder.Origin,
        ReceivedAt = receivedAt,
        Ingest = new Ingest("api", "key:w_0123456789abcdef", "w_0123456789abcdef", 5, "192.0.2.17"),
        Salt = Encoding.ASCII.GetBytes(random.Hex(EntryBuilder.SaltSize)),
        Keys = subjects!,
        PersonalFields = PersonalFields.Default,
    }).Bytes.ToArray();

    private IEnumerable<(DemoEvent Event, string Tenant, SeededRandom Random)> Made()
    {
        Clinic[] clinics = [.. Enumerable.Range(0, Companies).Select(number => new Clinic(number, Seed + ((ulong)number << 40)))];
        List<DemoEvent> incident = new DemoIncident(new SeededRandom(Seed ^ 2), clinics[0].Staff, DemoCompany.DefaultEnd.AddDays(-3)).Events();
        var random = new SeededRandom(Seed ^ 4);
        var waiting = new List<(Clinic Clinic, DemoEvent Event)>();
        int steps = DemoCompany.Days * clinics.Length;
        int step = 0;
        int given = 0;

        // A little more than wanted, for what shifts of the last day do behind its end; cut where it is enough.
        long wanted = count + (count / 20L);
        for (int day = 0; day < DemoCompany.Days; day++)
        {
            DateTimeOffset midnight = Start.AddDays(day);
            foreach (Clinic clinic in clinics)
            {
                int share = (int)((wanted * (step + 1) / steps) - (wanted * step / steps));
                waiting.AddRange(clinic.Day(midnight, share).Select(made => (clinic, made)));
                step++;
            }

            DateTimeOffset end = midnight.AddDays(1);
            waiting.AddRange(incident.Where(made => made.Time >= midnight && made.Time < end).Select(made => (clinics[0], made)));
            foreach ((Clinic clinic, DemoEvent made) in waiting.Where(one => one.Event.Time < end || day == DemoCompany.Days - 1).OrderBy(one => one.Event.Time))
            {
                if (given++ == count)
                {
                    yield break;
                }

                clinic.Number(made, random);
                string? message = isRich ? Words.Sentence(random, 8) : random.PerMille(MessagePerMille) ? Words.Sentence(random, random.Next(6, 13)) : null;
                yield return (clinic.Here(made, message), clinic.Tenant, random);
            }

            waiting.RemoveAll(one => one.Event.Time < end);
        }

        if (given < count)
        {
            throw new InvalidOperationException($"Only {given} of {count} events were made.");
        }
    }

    private static byte[] Claim(DemoEvent made, string tenant, SeededRandom random)
    {
        string data = string.Create(
            CultureInfo.InvariantCulture,
            $$""","data":{"result":"{{random.Pick(s_results)}}","tenant":"{{tenant}}","units":{{random.Next(1, 400)}},"ward":"w-{{random.Next(40):D2}}"}""");
        ReadOnlySpan<byte> claim = made.ToUtf8().Span;
        return [.. claim[..^1], .. Encoding.UTF8.GetBytes(data), (byte)'}'];
    }
}
