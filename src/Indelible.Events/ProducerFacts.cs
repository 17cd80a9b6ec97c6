using System.Buffers.Text;
using System.Text;

namespace Indelible.Events;

/// <summary>What an event says of its producer, and of the producer's clock. Immutable.</summary>
/// <remarks>The producer's own words, believed by nobody: gaps and restarts are told by comparing them with each other.</remarks>
public sealed class ProducerFacts
{
    // Events of one thread mostly come from one producer: its texts are made once.
    [ThreadStatic]
    private static Texts? t_texts;

    private ProducerFacts()
    {
    }

    /// <summary><c>service.name</c>.</summary>
    public string Service { get; private set; } = "";

    /// <summary><c>service.instance_id</c>; empty where there is none.</summary>
    public string Instance { get; private set; } = "";

    /// <summary><c>producer.stream_id</c>; empty where there is none.</summary>
    public string StreamId { get; private set; } = "";

    /// <summary><c>producer.seq</c>, from 1; 0 where there is none.</summary>
    public long Sequence { get; private set; }

    /// <summary><c>producer.end</c>.</summary>
    public bool IsEnd { get; private set; }

    /// <summary><c>producer.previous_stream</c>; empty where there is none.</summary>
    public string PreviousStream { get; private set; } = "";

    /// <summary><c>producer.previous_seq</c>; 0 where there is none.</summary>
    public long PreviousSequence { get; private set; }

    /// <summary><c>producer.highest</c>; 0 where there is none.</summary>
    public long Highest { get; private set; }

    /// <summary><c>time</c>, in ticks as <see cref="DateTime.Ticks"/> counts.</summary>
    public long TimeTicks { get; private set; }

    /// <summary>When the producer wrote it down: <c>observed_time</c>, or <c>time</c> where there is none. Ticks.</summary>
    public long ObservedTicks { get; private set; }

    /// <summary>The facts of a claim.</summary>
    /// <param name="claim">A valid claim.</param>
    public static ProducerFacts Of(Claim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return Read(claim.Document);
    }

    /// <summary>The facts of an entry.</summary>
    /// <param name="entry">Untrusted; must be canonical JSON of at most <see cref="EventLimits.EntryBytes"/> bytes.</param>
    /// <param name="principal">Who delivered it; empty where it does not say.</param>
    /// <param name="receivedTicks">When, in ticks; 0 where it does not say.</param>
    /// <returns>The facts, or null where it is no entry.</returns>
    public static ProducerFacts? OfEntry(ReadOnlySpan<byte> entry, out string principal, out long receivedTicks)
    {
        principal = "";
        receivedTicks = 0;
        if (CanonicalDocument.Read(entry) is not { } document)
        {
            return null;
        }

        Texts texts = t_texts ??= new Texts();
        principal = Text(document, document.Member(document.Member(0, "ingest"u8), "principal"u8), ref texts.Principal);
        receivedTicks = Ticks(document, document.Member(0, "received_at"u8));
        return Read(document);
    }

    private static ProducerFacts Read(CanonicalDocument document)
    {
        var facts = new ProducerFacts();
        Texts texts = t_texts ??= new Texts();
        ReadOnlySpan<CanonicalNode> nodes = document.Nodes;
        for (int name = 1; name < nodes.Length; name = nodes[name + 1].Next)
        {
            if (document.Is(name, "service"u8))
            {
                facts.Service = Text(document, document.Member(name + 1, "name"u8), ref texts.Service);
                facts.Instance = Text(document, document.Member(name + 1, "instance_id"u8), ref texts.Instance);
            }
            else if (document.Is(name, "producer"u8))
            {
                facts.ReadProducer(document, name + 1, texts);
            }
            else if (document.Is(name, "time"u8))
            {
                facts.TimeTicks = Ticks(document, name + 1);
            }
            else if (document.Is(name, "observed_time"u8))
            {
                facts.ObservedTicks = Ticks(document, name + 1);
            }
        }

        facts.ObservedTicks = facts.ObservedTicks == 0 ? facts.TimeTicks : facts.ObservedTicks;
        return facts;
    }

    private void ReadProducer(CanonicalDocument document, int producer, Texts texts)
    {
        StreamId = Text(document, document.Member(producer, "stream_id"u8), ref texts.Stream);
        Sequence = Number(document, document.Member(producer, "seq"u8));
        Highest = Number(document, document.Member(producer, "highest"u8));
        PreviousStream = Text(document, document.Member(producer, "previous_stream"u8), ref texts.Previous);
        PreviousSequence = Number(document, document.Member(producer, "previous_seq"u8));
        int end = document.Member(producer, "end"u8);
        IsEnd = end >= 0 && document.Value(end).SequenceEqual("true"u8);
    }

    private static string Text(CanonicalDocument document, int node, ref string last)
    {
        if (node < 0)
        {
            return "";
        }

        ReadOnlySpan<byte> value = document.Value(node);
        if (value.Length == last.Length + 2 && Ascii.Equals(value[1..^1], last) && !value.Contains((byte)'\\'))
        {
            return last;
        }

        return last = document.Text(node) ?? "";
    }

    private static long Number(CanonicalDocument document, int node) =>
        node >= 0 && Utf8Parser.TryParse(document.Value(node), out long value, out int used) && used == document.Value(node).Length && value is > 0 and <= EventLimits.SafeInteger
            ? value
            : 0;

    private static long Ticks(CanonicalDocument document, int node) =>
        node >= 0 && document.Nodes[node].Kind == JsonKind.String && Instant.TryParse(document.Value(node)[1..^1], out long ticks) ? ticks : 0;

    private sealed class Texts
    {
        public string Principal = "";
        public string Service = "";
        public string Instance = "";
        public string Stream = "";
        public string Previous = "";
    }
}
