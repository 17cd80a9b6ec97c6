using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Indelible.Events;

namespace Indelible.Privacy;

/// <summary>Which values of an event are personal and are therefore sealed before anything is written: a log's privacy policy.</summary>
/// <remarks>
/// <para>
/// Personal data is declared, not discovered. The fields that the schema marks are always sealed; a log may add JSON Pointers, in which
/// <c>-</c> stands for any item of an array. A value is sealed whole, whatever is inside it. The subject, under whose key it is sealed, is
/// <c>actor.id</c>; within an item of <c>actor.on_behalf_of</c> it is that item's <c>id</c>.
/// </para>
/// <para>Immutable, thread-safe.</para>
/// </remarks>
public sealed class PersonalFields
{
    internal const string RemoteIp = "/ingest/remote_ip";

    private const string Original = "/data/original";

    private static readonly string[] s_defaults =
    [
        "/actor/name", "/actor/email", "/actor/on_behalf_of/-/name", "/source/ip", "/source/forwarded_for", "/request/path", Original,
    ];

    // What the log itself reads, or what another personal value's subject is found by. Pointers at these, or at something around
    // them, would leave entries that nothing can work with.
    private static readonly string[] s_clear =
    [
        "/schema", "/id", "/time", "/observed_time", "/kind", "/action", "/category", "/operation", "/outcome", "/actor/id", "/actor/type",
        "/actor/on_behalf_of/-/id", "/service/name", "/relates_to", "/producer/stream_id", "/producer/seq", "/producer/end",
        "/producer/previous_stream", "/producer/previous_seq", "/producer/highest", "/producer/signature", "/ingest", "/received_at", "/salt",
    ];

    private readonly Step _root = new([]);

    private PersonalFields(IReadOnlyList<string> pointers)
    {
        Pointers = pointers;
        foreach (string pointer in pointers)
        {
            Add(pointer.Split('/').Skip(1).Select(Unescape).ToArray());
        }
    }

    /// <summary>The fields that the schema marks as personal, <c>data.original</c> included.</summary>
    public static PersonalFields Default { get; } = new(s_defaults);

    /// <summary>The pointers of this policy: the schema's first, then the log's own.</summary>
    public IReadOnlyList<string> Pointers { get; }

    /// <summary>Makes a policy of the schema's fields and a log's own.</summary>
    /// <param name="further">JSON Pointers (RFC 6901) into the claim, untrusted; <c>-</c> is any array item.</param>
    /// <param name="originalInClear">Whether <c>data.original</c> stays readable for ever: a deliberate act of whoever imports it.</param>
    /// <param name="fields">The policy, or null.</param>
    /// <param name="faults">What is wrong; each fault's pointer is the refused one.</param>
    public static bool TryCreate(
        IEnumerable<string> further,
        bool originalInClear,
        [NotNullWhen(true)] out PersonalFields? fields,
        out IReadOnlyList<Fault> faults)
    {
        ArgumentNullException.ThrowIfNull(further);
        var list = new FaultList();
        var pointers = s_defaults.Where(pointer => !originalInClear || pointer != Original).ToList();
        foreach (string pointer in further)
        {
            if (!IsPointer(pointer))
            {
                list.Add(pointer, FaultCode.BadFormat, "no JSON Pointer (RFC 6901) of 1 to 1,024 characters");
            }
            else if (s_clear.FirstOrDefault(clear => IsWithin(clear, pointer) || IsWithin(pointer, clear)) is { } kept)
            {
                list.Add(pointer, FaultCode.NotAllowed, $"{kept} must stay clear: the log itself works with it");
            }
            else if (!pointers.Contains(pointer))
            {
                pointers.Add(pointer);
            }
        }

        faults = list.ToList();
        fields = faults.Count == 0 ? new PersonalFields(pointers) : null;
        return fields is not null;
    }

    /// <summary>The subjects whose keys an entry of this claim needs, each once; <c>actor.id</c> is always the first.</summary>
    /// <remarks>A caller whose keys are far away fetches these before it builds the entry.</remarks>
    public IReadOnlyList<string> SubjectsOf(Claim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var places = new List<PersonalPlace>();
        Find(claim, places);
        return places.Select(place => place.Subject).Prepend(claim.ActorId).Distinct(StringComparer.Ordinal).ToList();
    }

    /// <summary>Finds the values to seal, in document order, none inside another.</summary>
    internal void Find(Claim claim, List<PersonalPlace> places) => Visit(claim.Document, 0, _root, "", claim.ActorId, places);

    /// <summary>Whether a text is a JSON Pointer to something below the root.</summary>
    internal static bool IsPointer(string text)
    {
        if (text is not ['/', ..] || text.Length > EventLimits.Pointer || !IsUnicode(text))
        {
            return false;
        }

        for (int tilde = text.IndexOf('~'); tilde >= 0; tilde = text.IndexOf('~', tilde + 1))
        {
            if (tilde + 1 == text.Length || text[tilde + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUnicode(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out int consumed) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            text = text[consumed..];
        }

        return true;
    }

    // Step by step, so that an index in the one and '-' in the other meet.
    private static bool IsWithin(string inner, string outer)
    {
        string[] innerSteps = inner.Split('/');
        string[] outerSteps = outer.Split('/');
        return innerSteps.Length >= outerSteps.Length
            && outerSteps.Zip(innerSteps).All(pair => pair.First == pair.Second || (IsItem(pair.First) && IsItem(pair.Second)));
    }

    private static bool IsItem(string step) => step == "-" || (step.Length > 0 && step.All(char.IsAsciiDigit));

    private static string Unescape(string token) =>
        token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static byte[] CanonicalName(string name)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
        {
            writer.WriteStringValue(name);
        }

        return CanonicalJson.Canonicalize(stream.ToArray());
    }

    private void Add(string[] tokens)
    {
        Step at = _root;
        for (int i = 0; i < tokens.Length; i++)
        {
            Step? next = at.Children.Find(child => child.Token == tokens[i]);
            if (next is null)
            {
                next = new Step(CanonicalName(tokens[i])) { Token = tokens[i] };
                next.ItemsAreSubjects = i == 1 && tokens[0] == "actor" && tokens[1] == "on_behalf_of";
                at.Children.Add(next);
            }

            at = next;
        }

        at.Sealed = true;
    }

    private static void Visit(CanonicalDocument document, int node, Step step, string pointer, string subject, List<PersonalPlace> places)
    {
        if (step.Sealed)
        {
            places.Add(new PersonalPlace(node, pointer, subject));
            return;
        }

        ReadOnlySpan<CanonicalNode> nodes = document.Nodes;
        CanonicalNode container = nodes[node];
        if (container.Kind == JsonKind.Object)
        {
            for (int name = node + 1; name < container.Next; name = nodes[name + 1].Next)
            {
                foreach (Step child in step.Children)
                {
                    if (document.Value(name).SequenceEqual(child.CanonicalName))
                    {
                        Visit(document, name + 1, child, Extend(pointer, child.Token), subject, places);
                        break;
                    }
                }
            }
        }
        else if (container.Kind == JsonKind.Array)
        {
            int index = 0;
            for (int item = node + 1; item < container.Next; item = nodes[item].Next, index++)
            {
                string token = index.ToString(CultureInfo.InvariantCulture);
                Step? child = step.Children.Find(candidate => candidate.Token == token)
                    ?? step.Children.Find(candidate => candidate.Token == "-");
                if (child is not null)
                {
                    string owner = step.ItemsAreSubjects ? document.Text(document.Member(item, "id"u8)) ?? subject : subject;
                    Visit(document, item, child, Extend(pointer, token), owner, places);
                }
            }
        }
    }

    private static string Extend(string pointer, string token)
    {
        if (!token.AsSpan().ContainsAny('~', '/'))
        {
            return string.Concat(pointer, "/", token);
        }

        var extended = new StringBuilder(pointer);
        JsonTape.AppendStep(extended, token);
        return extended.ToString();
    }

    // One token of the pointers, as a tree: a policy is looked up in one walk of the event.
    private sealed class Step(byte[] canonicalName)
    {
        public byte[] CanonicalName { get; } = canonicalName;

        public string Token { get; init; } = "";

        public List<Step> Children { get; } = [];

        public bool Sealed { get; set; }

        public bool ItemsAreSubjects { get; set; }
    }
}
