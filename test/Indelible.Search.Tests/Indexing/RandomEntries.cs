using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Logs of entries of every form that JSON has: few values often repeated, others never, odd names, escapes, lists in lists, sealed and removed values, wrong times.</summary>
internal static class RandomEntries
{
    private static readonly string[] s_names =
        ["actor", "id", "targets", "data", "time", "observed_time", "received_at", "salt", "a b", "c\"d", "é", "$pii", "$redacted", "x", "message", "labels", "\n", ""];

    private static readonly string[] s_texts =
    [
        "u-8472", "failure", "success", "Gave aspirin \"twice\"; 2 x 100mg", "10.20.30.40", "::ffff:10.20.30.40", "2001:db8::1", "010.1.1.1", "患者の記録を読む", "ΟΔΟΣ", "straße \u212A",
        "", " ", "-", "a", "A", "naïve\u0301", "😀 smile", "true", "42", "2026-11-23T06:14:25.1234567Z", "2026-11-23", "a\u0000b", "tab\tend", "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10",
        "alice.4711@example.org", "one two three four five six seven eight nine 10", "\uFFFD",
    ];

    private static readonly string[] s_numbers = ["0", "-0", "1", "1.0", "1e0", "10", "9", "-5", "2.5e-3", "9007199254740993", "9007199254740992", "0.1", "1E+2", "100", "123456789012345678901234567890"];

    /// <summary>A log of so many entries; null stands for a body that is gone.</summary>
    public static Gen<byte[]?[]> Log(int least, int most) =>
        Gen.Select(Gen.Int[least, most], Gen.UInt).Select((count, seed) => Enumerable.Range(0, count).Select(row => Entry(new Source(seed + (uint)(row * 7919)), row)).ToArray());

    /// <summary>An entry like those of applications, with ids of its own.</summary>
    public static byte[] Ordinary(int row)
    {
        var source = new Source((uint)row);
        string id = string.Create(CultureInfo.InvariantCulture, $"{source.Next():x8}-{source.Next() & 0xffff:x4}-7{source.Next() & 0xfff:x3}-{source.Next() & 0xffff:x4}-{source.Next():x8}{source.Next() & 0xffff:x4}");
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"action":"{{Pick(source, "invoice.read", "invoice.update", "login", "record.export")}}","actor":{"id":"u-{{source.Next() % 300:D5}}","type":"user"},"data":{"note":"{{Pick(source, "Gave aspirin twice", "shown in full on one screen", "opened late")}}","order":"order-{{row}}","text":"Number {{row}} was {{Pick(source, "refused", "accepted")}} by {{source.Next() % 7}}"},"id":"{{id}}","outcome":"{{(source.Next() % 20 == 0 ? "failure" : "success")}}","received_at":"2026-11-23T06:14:{{row / 1000 % 60:D2}}.{{row % 1000:D3}}Z","salt":"{{source.Next():x8}}","source":{"ip":"10.0.{{source.Next() % 4}}.{{source.Next() % 200}}"},"targets":[{"count":{{source.Next() % 500}},"id":"t{{source.Next():x8}}"}],"time":"2026-11-23T06:{{row / 60 % 60:D2}}:{{row % 60:D2}}Z"}"""));
    }

    private static byte[]? Entry(Source source, int row)
    {
        switch (source.Next() % 24)
        {
            case 0:
                return null;
            case 1 or 2 or 3:
                return Ordinary(row);
            default:
                using (var buffer = new MemoryStream())
                {
                    using (var json = new Utf8JsonWriter(buffer))
                    {
                        Object(json, source, row, 0);
                    }

                    return buffer.ToArray();
                }
        }
    }

    private static void Object(Utf8JsonWriter json, Source source, int row, int depth)
    {
        json.WriteStartObject();
        int members = source.Next() % (depth == 0 ? 9 : 4);
        for (int i = 0; i < members; i++)
        {
            json.WritePropertyName(Pick(source, s_names));
            Value(json, source, row, depth + 1);
        }

        json.WriteEndObject();
    }

    private static void Value(Utf8JsonWriter json, Source source, int row, int depth)
    {
        switch (source.Next() % (depth > 4 ? 8 : 12))
        {
            case 0 or 1 or 2:
                json.WriteStringValue(Pick(source, s_texts));
                break;
            case 3:
                json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"id-{row:x4}-{source.Next() % 1000}"));
                break;
            case 4:
                json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"2026-11-{1 + (source.Next() % 31):D2}T00:00:{source.Next() % 60:D2}Z"));
                break;
            case 5:
                json.WriteRawValue(Pick(source, s_numbers));
                break;
            case 6:
                json.WriteNumberValue(source.Next() % 5000);
                break;
            case 7:
                json.WriteRawValue(Pick(source, "true", "false", "null"));
                break;
            case 8 or 9:
                Object(json, source, row, depth);
                break;
            case 10:
                json.WriteStartObject();
                json.WritePropertyName(Pick(source, "$pii", "$redacted"));
                Value(json, source, row, depth + 1);
                json.WriteEndObject();
                break;
            default:
                json.WriteStartArray();
                for (int i = source.Next() % 4; i > 0; i--)
                {
                    Value(json, source, row, depth + 1);
                }

                json.WriteEndArray();
                break;
        }
    }

    private static string Pick(Source source, params ReadOnlySpan<string> from) => from[source.Next() % from.Length];

    /// <summary>Numbers that a seed gives, the same everywhere.</summary>
    private sealed class Source(uint seed)
    {
        private ulong _state = (seed * 0x9E3779B97F4A7C15UL) + 1;

        public int Next()
        {
            _state ^= _state << 13;
            _state ^= _state >> 7;
            _state ^= _state << 17;
            return (int)(_state >> 33);
        }
    }
}
