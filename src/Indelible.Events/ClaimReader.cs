using System.Globalization;
using System.Text;

namespace Indelible.Events;

/// <summary>Validates one event against <see cref="ClaimSchema"/> and makes a <see cref="Claim"/> of it.</summary>
/// <remarks>Lives for one call on the stack of one thread. Collects every fault rather than the first.</remarks>
internal ref struct ClaimReader
{
    private static readonly int s_id = ClaimSchema.Claim.Find("id"u8);
    private static readonly int s_time = ClaimSchema.Claim.Find("time"u8);
    private static readonly int s_observedTime = ClaimSchema.Claim.Find("observed_time"u8);
    private static readonly int s_kind = ClaimSchema.Claim.Find("kind"u8);
    private static readonly int s_action = ClaimSchema.Claim.Find("action"u8);
    private static readonly int s_actor = ClaimSchema.Claim.Find("actor"u8);
    private static readonly int s_relatesTo = ClaimSchema.Claim.Find("relates_to"u8);
    private static readonly int s_producer = ClaimSchema.Claim.Find("producer"u8);

    private readonly JsonTape _tape;
    private readonly FaultList _faults;

    // The value nodes of the claim's own members, by the numbers of their rules; 0 where absent, since 0 is the claim itself.
    private readonly Span<int> _members;

    private ClaimReader(JsonTape tape, FaultList faults, Span<int> members)
    {
        _tape = tape;
        _faults = faults;
        _members = members;
    }

    public static Claim? Read(ReadOnlySpan<byte> json, FaultList faults)
    {
        if (json.Length > EventLimits.ClaimInputBytes)
        {
            string detail = $"{json.Length} bytes; an event of at most {EventLimits.EntryBytes} canonical bytes is wanted";
            faults.Add("", FaultCode.TooLong, detail);
            return null;
        }

        JsonTape tape = JsonTape.Rent();
        try
        {
            Span<int> members = stackalloc int[64];
            members.Clear();
            return tape.Parse(json, faults) ? new ClaimReader(tape, faults, members).ReadParsed() : null;
        }
        finally
        {
            tape.Return();
        }
    }

    private Claim? ReadParsed()
    {
        if (_tape.Nodes[0].Kind != JsonKind.Object)
        {
            Fault(0, FaultCode.WrongType, $"{KindOf(0)} where the event, an object, belongs");
            return null;
        }

        if (_tape.HasDollarNames)
        {
            RefuseDollarNames();
        }

        CheckObject(0, ClaimSchema.Claim);
        CheckTogether();
        CanonicalDocument document = CanonicalWriter.Write(_tape);
        CheckSizes(document);
        if (_faults.Count > 0)
        {
            return null;
        }

        return new Claim(
            document,
            _tape.TextString(_members[s_id]),
            _tape.TextString(_members[s_time]),
            _tape.TextString(_members[s_action]),
            _tape.TextString(Member(s_actor, "id"u8)),
            Member(s_producer, "signature"u8) >= 0);
    }

    private int Member(int outer, ReadOnlySpan<byte> inner) => _members[outer] == 0 ? -1 : _tape.Member(_members[outer], inner);

    // Nothing of a producer may look like what the server writes: a forged "$pii" would be taken for sealed data.
    private void RefuseDollarNames()
    {
        ReadOnlySpan<JsonNode> nodes = _tape.Nodes;
        for (int node = 0; node < nodes.Length; node++)
        {
            if (nodes[node].Kind != JsonKind.Object)
            {
                continue;
            }

            for (int name = node + 1; name < nodes[node].Next; name = nodes[name + 1].Next)
            {
                ReadOnlySpan<byte> text = _tape.Text(name);
                bool redacted = nodes[node].Length == 1 && text.SequenceEqual("$redacted"u8) && nodes[name + 1].Kind == JsonKind.String;
                if (text.StartsWith("$"u8) && !redacted)
                {
                    const string Detail = "names that start with '$' are the server's; only {\"$redacted\": \"…\"} may be sent";
                    Fault(name, FaultCode.ReservedMember, Detail);
                }
            }
        }
    }

    private void CheckObject(int node, ObjectRule rule)
    {
        ulong seen = 0;
        int end = _tape.Nodes[node].Next;
        for (int name = node + 1; name < end; name = _tape.Nodes[name + 1].Next)
        {
            int found = rule.Find(_tape.Text(name));
            if (found < 0)
            {
                RefuseMember(node, name);
                continue;
            }

            seen |= 1UL << found;
            if (node == 0)
            {
                _members[found] = name + 1;
            }

            CheckValue(name + 1, rule.Rules[found]);
        }

        ulong missing = rule.Required & ~seen;
        if (missing != 0)
        {
            string pointer = _tape.Pointer(node);
            for (int i = 0; i < rule.Rules.Length; i++)
            {
                if ((missing >> i & 1) != 0)
                {
                    string name = Encoding.ASCII.GetString(rule.Rules[i].Name);
                    _faults.Add($"{pointer}/{name}", FaultCode.Missing, "the schema requires this member");
                }
            }
        }
    }

    private void RefuseMember(int container, int name)
    {
        ReadOnlySpan<byte> text = _tape.Text(name);
        if (container == 0)
        {
            foreach (byte[] reserved in ClaimSchema.Envelope)
            {
                if (text.SequenceEqual(reserved))
                {
                    Fault(name, FaultCode.ReservedMember, "the envelope is the server's: leave this member out");
                    return;
                }
            }
        }

        if (!text.StartsWith("$"u8))
        {
            Fault(name, FaultCode.UnknownMember, "the schema knows no such member here: what is your own goes under 'data' or 'labels'");
        }
    }

    private void CheckValue(int node, FieldRule rule)
    {
        JsonKind kind = _tape.Nodes[node].Kind;
        JsonKind wanted = rule.Form switch
        {
            FieldForm.Boolean => kind == JsonKind.False ? JsonKind.False : JsonKind.True,
            FieldForm.Integer => JsonKind.Number,
            FieldForm.Object or FieldForm.Labels or FieldForm.Data => JsonKind.Object,
            FieldForm.List => JsonKind.Array,
            FieldForm.Free => kind,
            _ => JsonKind.String,
        };
        if (kind != wanted)
        {
            string hint = kind == JsonKind.Null ? "; leave an absent member out" : "";
            Fault(node, FaultCode.WrongType, $"{KindOf(node)} where {NameOf(wanted)} belongs{hint}");
            return;
        }

        switch (rule.Form)
        {
            case FieldForm.Boolean:
                break;
            case FieldForm.Integer:
                CheckInteger(node, rule);
                break;
            case FieldForm.Object:
                CheckObject(node, rule.Members!);
                break;
            case FieldForm.List:
                CheckList(node, rule);
                break;
            case FieldForm.Labels:
                CheckLabels(node);
                break;
            case FieldForm.Data:
                CheckData(node);
                break;
            case FieldForm.Free:
                CheckFree(node, 1);
                break;
            default:
                CheckText(node, rule);
                break;
        }
    }

    private void CheckText(int node, FieldRule rule)
    {
        ReadOnlySpan<byte> text = _tape.Text(node);
        if (rule.Form == FieldForm.OneOf)
        {
            CheckWord(node, rule);
            return;
        }

        if (text.Length < rule.Least)
        {
            string detail = rule.Least == 1 ? "an empty text; it must say something" : $"{text.Length} characters; {rule.Least} are wanted";
            Fault(node, FaultCode.BadFormat, detail);
            return;
        }

        if (!CheckLength(node, rule.Most) || rule.Form == FieldForm.Text)
        {
            return;
        }

        string? wanted = rule.Form switch
        {
            FieldForm.Schema when !FieldFormats.IsSchema(text) => "'audit/1' or 'audit/1#<action>@<n>'",
            FieldForm.Id when !FieldFormats.IsId(text) => "characters A-Z a-z 0-9 . _ : -",
            FieldForm.Action when !FieldFormats.IsAction(text) => "one to eight words of a-z 0-9, joined by '.', '_' or '-'",
            FieldForm.Time when !Instant.TryParse(text, out _) => "a real instant as in 2026-11-23T06:14:25.1234567Z",
            FieldForm.IpAddress when !FieldFormats.IsIpAddress(text) => "an IPv4 or IPv6 address in canonical form (RFC 5952)",
            FieldForm.LowerHex when !FieldFormats.IsLowerHex(text) => "lower-case hexadecimal digits, not all zero",
            FieldForm.TypeName when !FieldFormats.IsTypeName(text) => "a-z 0-9 with '.', '_' or '-' between",
            FieldForm.WebAddress when !FieldFormats.IsWebAddress(text) => "an http or https address",
            FieldForm.JsonPointer when !FieldFormats.IsJsonPointer(text) => "a JSON Pointer (RFC 6901)",
            _ => null,
        };
        if (wanted is not null)
        {
            string seen = rule.IsPersonal ? "" : $"{FaultList.Excerpt(_tape.TextString(node))}; ";
            Fault(node, FaultCode.BadFormat, $"{seen}wanted: {wanted}");
        }
    }

    private void CheckWord(int node, FieldRule rule)
    {
        ReadOnlySpan<byte> text = _tape.Text(node);
        foreach (byte[] value in rule.Values)
        {
            if (text.SequenceEqual(value))
            {
                return;
            }
        }

        string known = string.Join(", ", rule.Values.Select(Encoding.ASCII.GetString));
        Fault(node, FaultCode.BadFormat, $"{FaultList.Excerpt(_tape.TextString(node))}; wanted: one of {known}");
    }

    private bool CheckLength(int node, long most)
    {
        ReadOnlySpan<byte> text = _tape.Text(node);

        // UTF-8 has at least as many bytes as UTF-16 has units, so most texts need no counting.
        int length = text.Length <= most ? 0 : Encoding.UTF8.GetCharCount(text);
        if (length > most)
        {
            Fault(node, FaultCode.TooLong, $"{length} characters; at most {most}");
        }

        return length <= most;
    }

    private void CheckInteger(int node, FieldRule rule)
    {
        ReadOnlySpan<byte> text = _tape.Text(node);
        if (text.ContainsAny((byte)'.', (byte)'e'))
        {
            Fault(node, FaultCode.BadFormat, "a fraction where an integer belongs");
            return;
        }

        // The reader has bounded it by 2^53−1.
        long value = long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (value < rule.Least || value > rule.Most)
        {
            Fault(node, FaultCode.BadFormat, $"{value}; wanted: {rule.Least} to {rule.Most}");
        }
    }

    private void CheckList(int node, FieldRule rule)
    {
        JsonNode list = _tape.Nodes[node];
        if (list.Length > rule.Most)
        {
            Fault(node, FaultCode.TooMany, $"{list.Length} items; at most {rule.Most}");
            return;
        }

        for (int item = node + 1; item < list.Next; item = _tape.Nodes[item].Next)
        {
            CheckValue(item, rule.Item!);
        }
    }

    private void CheckLabels(int node)
    {
        JsonNode labels = _tape.Nodes[node];
        if (labels.Length > EventLimits.Labels)
        {
            Fault(node, FaultCode.TooMany, $"{labels.Length} labels; at most {EventLimits.Labels}");
            return;
        }

        for (int name = node + 1; name < labels.Next; name = _tape.Nodes[name + 1].Next)
        {
            CheckKey(name);
            if (_tape.Nodes[name + 1].Kind != JsonKind.String)
            {
                Fault(name + 1, FaultCode.WrongType, $"{KindOf(name + 1)} where a string belongs");
                continue;
            }

            CheckLength(name + 1, EventLimits.LabelValue);
        }
    }

    private void CheckKey(int name)
    {
        if (_tape.Nodes[name].Length == 0)
        {
            Fault(name, FaultCode.BadFormat, "a member without a name");
        }

        CheckLength(name, EventLimits.Key);
    }

    private void CheckData(int node)
    {
        int end = _tape.Nodes[node].Next;
        for (int name = node + 1; name < end; name = _tape.Nodes[name + 1].Next)
        {
            if (_tape.Text(name).SequenceEqual("original"u8))
            {
                CheckDepth(name + 1, 1);
                continue;
            }

            CheckKey(name);
            CheckFree(name + 1, 2);
        }
    }

    // data.original is another system's record: only its depth is ours to bound.
    private void CheckDepth(int node, int level)
    {
        JsonNode value = _tape.Nodes[node];
        if (value.Kind > JsonKind.Array)
        {
            return;
        }

        if (level > EventLimits.OriginalDepth)
        {
            Fault(node, FaultCode.TooDeep, $"nested deeper than {EventLimits.OriginalDepth} levels");
            return;
        }

        int step = value.Kind == JsonKind.Object ? 1 : 0;
        for (int child = node + 1; child < value.Next; child = _tape.Nodes[child + step].Next)
        {
            CheckDepth(child + step, level + 1);
        }
    }

    private void CheckFree(int node, int level)
    {
        JsonNode value = _tape.Nodes[node];
        if (value.Kind == JsonKind.String && value.Length > EventLimits.DataStringBytes)
        {
            Fault(node, FaultCode.TooLong, $"{value.Length} bytes; at most {EventLimits.DataStringBytes}");
        }

        if (value.Kind > JsonKind.Array)
        {
            return;
        }

        if (level > EventLimits.DataDepth)
        {
            Fault(node, FaultCode.TooDeep, $"nested deeper than {EventLimits.DataDepth} levels");
            return;
        }

        if (value.Kind == JsonKind.Array && value.Length > EventLimits.DataArray)
        {
            Fault(node, FaultCode.TooMany, $"{value.Length} items; at most {EventLimits.DataArray}");
            return;
        }

        int step = value.Kind == JsonKind.Object ? 1 : 0;
        for (int child = node + 1; child < value.Next; child = _tape.Nodes[child + step].Next)
        {
            if (step == 1)
            {
                CheckKey(child);
            }

            CheckFree(child + step, level + 1);
        }
    }

    // What depends on two members at once.
    private void CheckTogether()
    {
        if (IsText(Member(s_actor, "type"u8), "ai_agent"u8) && Member(s_actor, "agent"u8) < 0)
        {
            _faults.Add("/actor/agent", FaultCode.Missing, "required of an actor of type ai_agent");
        }

        int kind = _members[s_kind];
        if ((IsText(kind, "outcome"u8) || IsText(kind, "correction"u8) || IsText(kind, "annotation"u8)) && _members[s_relatesTo] == 0)
        {
            _faults.Add("/relates_to", FaultCode.Missing, $"required of kind {_tape.TextString(kind)}: the id of the earlier event");
        }

        int observed = _members[s_observedTime];
        if (TryInstant(_members[s_time], out long happened) && TryInstant(observed, out long seen) && seen < happened)
        {
            Fault(observed, FaultCode.BadFormat, "earlier than 'time': nothing is observed before it happens");
        }

        int signature = Member(s_producer, "signature"u8);
        if (signature >= 0 && HasPersonal(0, ClaimSchema.Claim))
        {
            Fault(signature, FaultCode.NotAllowed, "not beside personal fields: the signature would outlive their erasure");
        }
    }

    private bool TryInstant(int node, out long ticks)
    {
        ticks = 0;
        return node > 0 && _tape.Nodes[node].Kind == JsonKind.String && Instant.TryParse(_tape.Text(node), out ticks);
    }

    private bool HasPersonal(int node, ObjectRule rule)
    {
        JsonNode container = _tape.Nodes[node];
        for (int name = node + 1; container.Kind == JsonKind.Object && name < container.Next; name = _tape.Nodes[name + 1].Next)
        {
            int found = rule.Find(_tape.Text(name));
            FieldRule? field = found < 0 ? null : rule.Rules[found];
            if (field is { IsPersonal: true } || (field?.Members is { } members && HasPersonal(name + 1, members)))
            {
                return true;
            }

            JsonNode value = _tape.Nodes[name + 1];
            if (field?.Item?.Members is { } itemMembers && value.Kind == JsonKind.Array)
            {
                for (int item = name + 2; item < value.Next; item = _tape.Nodes[item].Next)
                {
                    if (HasPersonal(item, itemMembers))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private bool IsText(int node, ReadOnlySpan<byte> text) =>
        node > 0 && _tape.Nodes[node].Kind == JsonKind.String && _tape.Text(node).SequenceEqual(text);

    // Sizes are those of the canonical form: what is stored, whatever spelling was sent.
    private void CheckSizes(CanonicalDocument document)
    {
        int size = document.Bytes.Length;
        if (size > EventLimits.EntryBytes)
        {
            _faults.Add("", FaultCode.TooLong, $"{size} canonical bytes; an entry has at most {EventLimits.EntryBytes}");
        }

        if (size <= EventLimits.ChangeValueBytes)
        {
            return;
        }

        int data = document.Member(0, "data"u8);
        if (data >= 0 && document.Value(data).Length > EventLimits.DataBytes)
        {
            int original = document.Member(data, "original"u8);
            int own = document.Value(data).Length - (original < 0 ? 0 : document.Value(original).Length);
            if (own > EventLimits.DataBytes)
            {
                _faults.Add("/data", FaultCode.TooLong, $"{own} canonical bytes without 'original'; at most {EventLimits.DataBytes}");
            }
        }

        int changes = document.Member(0, "changes"u8);
        if (changes < 0 || document.Value(changes).Length <= EventLimits.ChangeValueBytes)
        {
            return;
        }

        for (int change = changes + 1; change < document.Nodes[changes].Next; change = document.Nodes[change].Next)
        {
            CheckChange(document, document.Member(change, "old"u8));
            CheckChange(document, document.Member(change, "new"u8));
        }
    }

    private void CheckChange(CanonicalDocument document, int value)
    {
        if (value >= 0 && document.Value(value).Length > EventLimits.ChangeValueBytes && !_faults.IsFull)
        {
            int size = document.Value(value).Length;
            _faults.Add(document.Pointer(value), FaultCode.TooLong, $"{size} canonical bytes; at most {EventLimits.ChangeValueBytes}");
        }
    }

    private string KindOf(int node) => NameOf(_tape.Nodes[node].Kind);

    private static string NameOf(JsonKind kind) => kind switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.Null => "null",
        _ => "a boolean",
    };

    private void Fault(int node, string code, string detail)
    {
        if (!_faults.IsFull)
        {
            _faults.Add(_tape.Pointer(node), code, detail);
        }
    }
}
