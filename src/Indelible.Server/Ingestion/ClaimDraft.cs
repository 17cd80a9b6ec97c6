using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Server.Ingestion;

/// <summary>A claim made out of another protocol's record: what maps goes to its member, all else under <c>data</c>, nothing is lost.</summary>
/// <remarks>
/// What was mapped and then does not fit its member (a status that is no number, an id that is too long) goes back under <c>data</c>
/// as it came. What does not fit there either makes the whole record <c>data.original</c>, where only depth and the entry's size
/// bound it. A record that fits nowhere is refused.
/// </remarks>
internal sealed class ClaimDraft
{
    private static readonly JsonWriterOptions s_writing = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = EventLimits.JsonDepth };

    private const string TargetPrefix = "/targets/0/";

    private readonly JsonObject _claim = [];
    private readonly JsonObject _data = [];
    private readonly List<Mapped> _mapped = [];

    /// <summary>Whether a time was set by the record itself.</summary>
    public bool HasTime => _claim.ContainsKey("time");

    /// <summary>Whether a member is set.</summary>
    /// <param name="pointer">As for <see cref="Map"/>.</param>
    public bool Has(string pointer) => Find(pointer, out JsonObject? parent, out string name, make: false) && parent!.ContainsKey(name);

    /// <summary>Sets a member that is ours to choose: never taken back.</summary>
    /// <param name="pointer">Such as <c>/actor/id</c> or <c>/targets/0/id</c>.</param>
    /// <param name="value">The value.</param>
    public void Set(string pointer, JsonNode? value)
    {
        Find(pointer, out JsonObject? parent, out string name, make: true);
        parent![name] = value;
    }

    /// <summary>Sets a member of the event itself, as it came.</summary>
    public void SetMember(string name, JsonNode? value) => _claim[name] = value?.DeepClone();

    /// <summary>Sets a member from a value of the record, unless it is set already.</summary>
    /// <param name="pointer">The member.</param>
    /// <param name="value">What the member is to be.</param>
    /// <param name="bucket">Where under <c>data</c> the value goes if it does not fit, and is kept if that was asked for.</param>
    /// <param name="key">Its name there.</param>
    /// <param name="original">It as it came; null where it is <paramref name="value"/>.</param>
    /// <returns>Whether it was set; else it is for the caller to keep.</returns>
    public bool Map(string pointer, JsonNode? value, string bucket, string key, JsonNode? original = null)
    {
        if (value is null || Has(pointer))
        {
            return false;
        }

        Set(pointer, value.DeepClone());
        _mapped.Add(new Mapped(pointer, bucket, key, (original ?? value).DeepClone()));
        return true;
    }

    /// <summary>Keeps a value under <c>data</c>.</summary>
    /// <param name="bucket">The member of <c>data</c> that it goes into; empty for <c>data</c> itself.</param>
    /// <param name="key">Its name there.</param>
    /// <param name="value">The value.</param>
    public void Keep(string bucket, string key, JsonNode? value)
    {
        JsonObject into = _data;
        if (bucket.Length > 0)
        {
            into = _data[bucket] as JsonObject ?? [];
            _data[bucket] ??= into;
        }

        into[key] = value?.DeepClone();
    }

    /// <summary>Makes the claim.</summary>
    /// <param name="time">The time of an event that has none.</param>
    /// <param name="original">The whole record as JSON, for what fits nowhere else.</param>
    /// <param name="defaults">Members that must be there, with what they are where the record does not say.</param>
    /// <param name="faults">What is wrong with it, where there is no claim.</param>
    public Claim? ToClaim(string time, Func<JsonNode> original, IReadOnlyList<(string Pointer, string Value)> defaults, out IReadOnlyList<Fault> faults)
    {
        bool isOriginal = false;
        for (int attempt = 0; ; attempt++)
        {
            JsonObject whole = Whole(time, defaults, isOriginal ? original() : null);
            if (Claim.TryParse(Bytes(whole), out Claim? claim, out faults))
            {
                return claim;
            }

            // Each round takes something back, so that it ends.
            bool took = false;
            foreach (Fault fault in faults)
            {
                took |= TakeBack(fault.Pointer);
            }

            if (!took && !isOriginal && faults.Any(fault => fault.Pointer.StartsWith("/data", StringComparison.Ordinal) || fault.Pointer.Length == 0))
            {
                isOriginal = took = true;
            }

            if (!took)
            {
                return null;
            }
        }
    }

    private JsonObject Whole(string time, IReadOnlyList<(string Pointer, string Value)> defaults, JsonNode? original)
    {
        var whole = new ClaimDraft();
        foreach ((string name, JsonNode? value) in _claim)
        {
            whole._claim[name] = value?.DeepClone();
        }

        if (!HasTime)
        {
            whole._claim["time"] = time;
        }

        foreach ((string pointer, string value) in defaults)
        {
            if (!whole.Has(pointer))
            {
                whole.Set(pointer, value);
            }
        }

        JsonObject data = original is null ? _data.DeepClone().AsObject() : new JsonObject { ["original"] = original };
        if (data.Count > 0)
        {
            whole._claim["data"] = data;
        }

        return whole._claim;
    }

    /// <summary>Takes back what was mapped to the place of a fault, or has it below or above itself.</summary>
    private bool TakeBack(string pointer)
    {
        int at = _mapped.FindIndex(mapped => mapped.Pointer == pointer
            || pointer.StartsWith(mapped.Pointer + "/", StringComparison.Ordinal) || (pointer.Length > 0 && mapped.Pointer.StartsWith(pointer + "/", StringComparison.Ordinal)));
        if (at < 0)
        {
            return false;
        }

        // Half a target is none.
        string pointerBack = _mapped[at].Pointer;
        if (pointerBack.StartsWith(TargetPrefix, StringComparison.Ordinal))
        {
            _claim.Remove("targets");
            foreach (Mapped back in _mapped.Where(mapped => mapped.Pointer.StartsWith(TargetPrefix, StringComparison.Ordinal)).ToArray())
            {
                _mapped.Remove(back);
                Keep(back.Bucket, back.Key, back.Original);
            }

            return true;
        }

        Keep(_mapped[at].Bucket, _mapped[at].Key, _mapped[at].Original);
        _mapped.RemoveAt(at);
        Find(pointerBack, out JsonObject? parent, out string name, make: true);
        parent!.Remove(name);

        // An object whose last member was taken back says nothing any more.
        string top = pointerBack.Split('/')[1];
        if (_claim[top] is JsonObject { Count: 0 })
        {
            _claim.Remove(top);
        }

        return true;
    }

    /// <summary>The object that holds the last part of a pointer. A part <c>0</c> is the one item of a list.</summary>
    private bool Find(string pointer, out JsonObject? parent, out string name, bool make)
    {
        string[] parts = pointer.Split('/')[1..];
        JsonObject at = _claim;
        for (int i = 0; i < parts.Length - 1; i++)
        {
            bool isList = parts[i + 1] == "0";
            if (at[parts[i]] is null && make)
            {
                at[parts[i]] = isList ? new JsonArray(new JsonObject()) : new JsonObject();
            }

            JsonObject? next = isList ? (at[parts[i]] as JsonArray)?[0] as JsonObject : at[parts[i]] as JsonObject;
            if (next is null)
            {
                parent = null;
                name = "";
                return false;
            }

            at = next;
            i += isList ? 1 : 0;
        }

        parent = at;
        name = parts[^1];
        return true;
    }

    private static ReadOnlySpan<byte> Bytes(JsonObject whole)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_writing))
        {
            whole.WriteTo(writer);
        }

        return buffer.WrittenSpan;
    }

    /// <summary>A member that came from the record.</summary>
    private sealed record Mapped(string Pointer, string Bucket, string Key, JsonNode Original);
}
