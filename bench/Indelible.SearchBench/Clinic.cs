using System.Globalization;
using Indelible.Cli.Demo;

namespace Indelible.SearchBench;

/// <summary>One of many companies as the demonstration tells of: its people, addresses and patients are its own.</summary>
internal sealed class Clinic
{
    private const int PeopleApart = 100;
    private const int PatientsApart = 10_000;
    private readonly int _number;
    private readonly ulong _seed;
    private readonly Dictionary<DemoActor, DemoActor> _actors = [];
    private readonly Dictionary<string, (string Id, long Sequence)> _streams = new(StringComparer.Ordinal);

    /// <param name="number">From 0; the first has the ids of the demonstration itself.</param>
    /// <param name="seed">Decides its names and days; differs from other companies' in its upper bits, for a day's seconds go into the lower.</param>
    public Clinic(int number, ulong seed)
    {
        _number = number;
        _seed = seed;
        Staff = new DemoStaff(new SeededRandom(seed));
        Tenant = string.Create(CultureInfo.InvariantCulture, $"clinic-{number:D4}");
    }

    /// <summary>The name of the company in <c>data.tenant</c>.</summary>
    public string Tenant { get; }

    /// <summary>Who works there, by the ids that the demonstration gives them.</summary>
    public DemoStaff Staff { get; }

    /// <summary>An ordinary day, in no order; what shifts do behind its midnight included.</summary>
    /// <param name="day">Its midnight.</param>
    /// <param name="count">About how many events.</param>
    public List<DemoEvent> Day(DateTimeOffset day, int count) =>
        new DemoDays(new SeededRandom(_seed ^ (ulong)day.ToUnixTimeSeconds()), Staff).Events(day, day.AddDays(1), count);

    /// <summary>Gives an event its id and its place in its producer's stream; called in the order of time.</summary>
    public void Number(DemoEvent made, SeededRandom random)
    {
        (string id, long sequence) = _streams.TryGetValue(made.Service, out (string, long) known) ? known : (random.Uuid4(), 0);
        made.Id = random.Uuid7(made.Time);
        made.StreamId = id;
        made.Sequence = sequence + 1;
        _streams[made.Service] = (id, made.Sequence);
        if (made.EndsStream)
        {
            _streams.Remove(made.Service);
        }
    }

    /// <summary>The event as it happens here: people, addresses and patients by their names among all companies'.</summary>
    public DemoEvent Here(DemoEvent made, string? message) => _number == 0 ? made with { Message = made.Message ?? message } : made with
    {
        Actor = Here(made.Actor),
        OnBehalfOf = made.OnBehalfOf is { } person ? Here(person) : null,
        Ip = made.Ip is { } ip ? HereAddress(ip) : null,
        Targets = [.. made.Targets.Select(target => target with { Id = HereId(target.Id) })],
        Subject = made.Subject is { } subject ? HereId(subject) : null,
        Message = made.Message ?? message,
    };

    private DemoActor Here(DemoActor actor)
    {
        if (!_actors.TryGetValue(actor, out DemoActor? here))
        {
            _actors.Add(actor, here = actor with { Id = HereId(actor.Id) });
        }

        return here;
    }

    private string HereId(string id)
    {
        int dash = id.IndexOf('-', StringComparison.Ordinal);
        string kind = id[..Math.Max(0, dash)];
        if (kind is "u" or "p" or "subj" && int.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            int apart = kind == "u" ? PeopleApart : PatientsApart;
            return string.Create(CultureInfo.InvariantCulture, $"{kind}-{number + (_number * apart)}");
        }

        return kind is "svc" or "agent" ? string.Create(CultureInfo.InvariantCulture, $"{id}-{_number}") : id;
    }

    // The demonstration's people work from 10.20.1.0 to 10.20.9.255, or from 192.0.2.0/24, which is remote access and everybody's.
    private string HereAddress(string ip)
    {
        if (!ip.StartsWith("10.20.", StringComparison.Ordinal))
        {
            return ip;
        }

        string[] parts = ip.Split('.');
        int third = int.Parse(parts[2], CultureInfo.InvariantCulture) + (10 * (_number / 200));
        return string.Create(CultureInfo.InvariantCulture, $"10.{20 + (_number % 200)}.{third}.{parts[3]}");
    }
}
