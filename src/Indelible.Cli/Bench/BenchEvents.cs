using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Cli.Demo;
using Indelible.Server;

namespace Indelible.Cli.Bench;

/// <summary>Events to measure with: all of one size, no two alike, and cheap to make.</summary>
/// <remarks>
/// A thousand events are written beforehand, of eight hundred actors and some thirty actions; each event sent is a copy of one of
/// them with its own id, target and trace. Making one so costs a few dozen nanoseconds: the generator shares the machine with what
/// it measures. Immutable, thread-safe.
/// </remarks>
internal sealed class BenchEvents
{
    /// <summary>Personal fields that an event can carry at most.</summary>
    public const int MaxPersonalFields = 4;

    /// <summary>Bytes of an event at most: what fills it up is one text in <c>data</c>, which the schema bounds.</summary>
    public const int MaxEventBytes = Events.EventLimits.DataStringBytes;

    private const int Templates = 1_024;
    private const int Actors = 800;
    private const string IdPlace = "%%%%%%%%%%%%";
    private const string TargetPlace = "########";
    private const string TracePlace = "00000000000000000000000000000000";

    private static readonly string[] s_resources = ["invoice", "document", "customer", "order", "contract", "report", "payment", "ticket"];
    private static readonly string[] s_verbs = ["read", "update", "create", "delete"];
    private readonly Template[] _templates = new Template[Templates];

    /// <summary>Writes the templates.</summary>
    /// <param name="run">Tells the ids of this run from those of every other.</param>
    /// <param name="time">The time of the first event.</param>
    /// <param name="eventBytes">Length of each event's JSON, exactly.</param>
    /// <param name="personalFields">How many of <c>actor.name</c>, <c>actor.email</c>, <c>source.ip</c>, <c>request.path</c> to set, in this order.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size leaves no room for what every event has, or is above <see cref="MaxEventBytes"/>.</exception>
    public BenchEvents(ulong run, DateTimeOffset time, int eventBytes, int personalFields)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventBytes, MaxEventBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(personalFields);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(personalFields, MaxPersonalFields);
        EventBytes = eventBytes;
        for (int i = 0; i < Templates; i++)
        {
            int room = eventBytes - WriteJson(run, time.AddMilliseconds(i), new SeededRandom((ulong)i), personalFields, "").Length;
            ArgumentOutOfRangeException.ThrowIfNegative(room, nameof(eventBytes));
            _templates[i] = new Template(WriteJson(run, time.AddMilliseconds(i), new SeededRandom((ulong)i), personalFields, Filling(room)));
        }
    }

    /// <summary>Length of every event in bytes.</summary>
    public int EventBytes { get; }

    /// <summary>Writes the event of this number: the same number gives the same event.</summary>
    /// <param name="number">Not negative, below 2^48.</param>
    /// <param name="destination">Receives <see cref="EventBytes"/> bytes.</param>
    public void Write(long number, Span<byte> destination)
    {
        ulong mixed = Mix((ulong)number);
        Template template = _templates[mixed % Templates];
        template.Bytes.CopyTo(destination);
        WriteHex((ulong)number, destination.Slice(template.IdOffset, IdPlace.Length));
        WriteHex(mixed, destination.Slice(template.TargetOffset, TargetPlace.Length));
        WriteHex(mixed, destination.Slice(template.TraceOffset, 16));
        WriteHex(Mix(mixed), destination.Slice(template.TraceOffset + 16, 16));
    }

    private static byte[] WriteJson(ulong run, DateTimeOffset time, SeededRandom random, int personalFields, string note)
    {
        string resource = random.Pick(s_resources);
        string verb = random.Pick(s_verbs);
        int actor = random.Next(Actors);
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteString("schema", "audit/1");
            json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"b-{run:x16}-{IdPlace}"));
            json.WriteString("time", Events.Instant.Format(time));
            json.WriteString("action", $"{resource}.{verb}");
            json.WriteString("outcome", random.PerMille(50) ? "failure" : "success");
            json.WriteStartObject("actor");
            json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"u-{actor:D5}"));
            json.WriteString("type", "user");
            WritePersonal(json, actor, personalFields, 0, 2);
            json.WriteEndObject();
            json.WriteStartArray("targets");
            json.WriteStartObject();
            json.WriteString("type", resource);
            json.WriteString("id", TargetPlace);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("service");
            json.WriteString("name", "shop");
            json.WriteEndObject();
            json.WriteStartObject("trace");
            json.WriteString("trace_id", TracePlace);
            json.WriteEndObject();
            WriteObject(json, "source", actor, personalFields, 2);
            WriteObject(json, "request", actor, personalFields, 3);
            json.WriteStartObject("data");
            json.WriteString("note", note);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteObject(Utf8JsonWriter json, string name, int actor, int personalFields, int field)
    {
        if (personalFields > field)
        {
            json.WriteStartObject(name);
            WritePersonal(json, actor, personalFields, field, field + 1);
            json.WriteEndObject();
        }
    }

    private static void WritePersonal(Utf8JsonWriter json, int actor, int personalFields, int from, int to)
    {
        for (int field = from; field < Math.Min(to, personalFields); field++)
        {
            (string name, string value) = field switch
            {
                0 => ("name", $"Person {actor:D3}"),
                1 => ("email", $"u{actor:D3}@a.test"),
                2 => ("ip", $"10.1.{actor / 256}.{actor % 256}"),
                _ => ("path", $"/people/{actor:D3}"),
            };
            json.WriteString(name, value);
        }
    }

    /// <summary>Words of no meaning, but compressible like words.</summary>
    private static string Filling(int length)
    {
        const string Words = "the record was opened from the work list of the day and shown in full on one screen of the office ";
        var filling = new StringBuilder(length);
        while (filling.Length < length)
        {
            filling.Append(Words, 0, Math.Min(Words.Length, length - filling.Length));
        }

        return filling.ToString();
    }

    // The finaliser of SplitMix64: neighbours get values that have nothing in common.
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }

    private static void WriteHex(ulong value, Span<byte> destination)
    {
        for (int i = destination.Length - 1; i >= 0; i--, value >>= 4)
        {
            destination[i] = "0123456789abcdef"u8[(int)(value & 15)];
        }
    }

    private sealed class Template(byte[] bytes)
    {
        public ReadOnlySpan<byte> Bytes => bytes;

        public int IdOffset { get; } = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(IdPlace));

        public int TargetOffset { get; } = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(TargetPlace));

        public int TraceOffset { get; } = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(TracePlace));
    }
}
