using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using Indelible.Search.Tests.Language;

namespace Indelible.Search.Tests.Searching;

/// <summary>An entry as it is logged, and as it is in clear for those who may see personal values.</summary>
internal sealed record TestEntry(byte[] Logged, byte[] Clear)
{
    public override string ToString() => Encoding.UTF8.GetString(Clear) + (Logged.AsSpan().SequenceEqual(Clear) ? "" : "   logged as " + Encoding.UTF8.GetString(Logged));
}

/// <summary>Random entries: every kind of value at few paths, so that queries find something; sealed and removed values, lists, odd names and times.</summary>
internal static class RandomLog
{
    private static readonly string[] s_strings =
    [
        "u-8472", "failure", "42", "-1.5e3", "true", "null", "10.0.0.7", "10.0.0.0/8", "::1", "::ffff:10.0.0.9", "2001:db8::7", "acme", "", " ", "a\"b", "a\\b",
        "naïve Wörd", "患者の記録", "word", "p", "pa w-d", "paWd", "😀 b", "2026-11-23T10:00:00+02:00", "2026-11-05", "9007199254740993", "ΟΔΟΣ", "ﬀ", "payment refused",
        "refused payment", "2026-11-24T01:00:00+05:00", "2026-11-22T23:00:00-05:00", "4bf92f-aa01", "4bf92f-aa02", "-3", "100",
    ];

    private static readonly string[] s_others = ["42", "-1500", "0", "0.5", "100", "1e+21", "5", "-3", "true", "false", "null"];

    private static readonly string[][] s_paths =
    [
        ["actor", "id"], ["action"], ["message"], ["data", "x"], ["data", "x", "y"], ["data", "a b", "c\"d"], ["labels", "env"], ["trace"], ["targets", "count"], ["targets", "id"],
        ["changes", "new", "a"], ["data", "-x", "1"], ["data", ""], ["source", "ip"],
        ["actor"], ["targets"],
    ];

    private static readonly Gen<Value> s_scalar = Gen.Frequency<Value>(
        (3, RandomQueries.Of(s_strings).Select(text => (Value)new Text(text))),
        (1, RandomQueries.Of(s_others).Select(raw => (Value)new Raw(raw))));

    private static readonly Gen<Value> s_value = Gen.Recursive<Value>((depth, inner) => depth > 2
        ? s_scalar
        : Gen.Frequency<Value>(
            (12, s_scalar),
            (2, inner.Array[0, 3].Select(items => (Value)new Items(items))),
            (3, Gen.Select(RandomQueries.Of("x", "y", "a", "id"), inner, (name, value) => (Value)new Members([(name, value)]))),
            (4, Gen.Select(inner, Gen.Int[0, 4], (value, erased) => (Value)new Sealed(value, erased == 0))),
            (1, Gen.Const((Value)new Removed()))));

    private static readonly Gen<Value> s_time = Gen.Frequency<Value>(
        (20, Gen.Select(Gen.Int[1, 28], Gen.Int[0, 23], Gen.Int[0, 59], (day, hour, second) => (Value)new Text($"2026-11-{day:00}T{hour:00}:00:{second:00}Z"))),
        (5, Gen.Const((Value)new Text("2026-11-20T10:00:00Z"))),
        (1, Gen.Const((Value)new Text("soon"))),
        (1, Gen.Const((Value)new Text("2026-11-20T10:00:00+02:00"))),
        (1, Gen.Const((Value)new Raw("7"))),
        (1, Gen.Const((Value)new Sealed(new Text("2026-11-21T10:00:00Z"), false))),
        (1, Gen.Const((Value)new Items([new Text("2026-11-21T10:00:00Z"), new Text("2026-11-22T10:00:00Z")]))));

    /// <summary>Entries; null stands for a body that expired.</summary>
    public static readonly Gen<TestEntry?> Entry = Gen.Select(
        Gen.Select(Gen.Int[0, s_paths.Length - 1], s_value).Array[0, 6], s_time, Gen.Int[0, 15], Gen.Int[0, 40], (members, time, untimed, expired) =>
        {
            if (expired == 0)
            {
                return null;
            }

            var entry = new Members([]);
            foreach ((int path, Value value) in members)
            {
                entry.Put(s_paths[path], value);
            }

            entry.Put(["received_at"], new Text("2026-11-23T06:14:25Z"));
            entry.Put(["salt"], new Text("word acme"));
            if (untimed > 0)
            {
                entry.Put(["time"], time);
            }

            return new TestEntry(Bytes(entry, isClear: false), Bytes(entry, isClear: true));
        });

    /// <summary>Paths that entries have, and some that they have not.</summary>
    public static readonly Gen<string[]> Path = Gen.Frequency(
        (12, RandomQueries.Of(s_paths)),
        (1, RandomQueries.Of<string[]>(["time"], ["received_at"], ["salt"], ["data"], ["data", "none"])));

    /// <summary>Texts that entries have.</summary>
    public static readonly Gen<string> Word = RandomQueries.Of(s_strings);

    private static byte[] Bytes(Value value, bool isClear)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            value.Write(json, isClear);
        }

        return stream.ToArray();
    }

    private abstract record Value
    {
        public abstract void Write(Utf8JsonWriter json, bool isClear);
    }

    private sealed record Text(string Content) : Value
    {
        public override void Write(Utf8JsonWriter json, bool isClear) => json.WriteStringValue(Content);
    }

    private sealed record Raw(string Content) : Value
    {
        public override void Write(Utf8JsonWriter json, bool isClear) => json.WriteRawValue(Content);
    }

    private sealed record Items(Value[] Values) : Value
    {
        public override void Write(Utf8JsonWriter json, bool isClear)
        {
            json.WriteStartArray();
            Array.ForEach(Values, value => value.Write(json, isClear));
            json.WriteEndArray();
        }
    }

    private sealed record Sealed(Value Inner, bool IsErased) : Value
    {
        public override void Write(Utf8JsonWriter json, bool isClear)
        {
            if (isClear && !IsErased)
            {
                // What is sealed is sealed once: nothing inside is.
                Inner.Write(json, isClear);
            }
            else
            {
                json.WriteRawValue("""{"$pii":{"ct":"word"}}""");
            }
        }
    }

    private sealed record Removed : Value
    {
        public override void Write(Utf8JsonWriter json, bool isClear) => json.WriteRawValue("""{"$redacted":"acme"}""");
    }

    private sealed record Members(List<(string Name, Value Value)> All) : Value
    {
        public void Put(ReadOnlySpan<string> path, Value value)
        {
            string name = path[0];
            int at = All.FindIndex(member => member.Name == name);
            if (path.Length > 1 && at >= 0 && All[at].Value is Members inner)
            {
                inner.Put(path[1..], value);
                return;
            }

            if (at >= 0)
            {
                All.RemoveAt(at);
            }

            if (path.Length > 1)
            {
                var child = new Members([]);
                child.Put(path[1..], value);
                value = child;
            }

            All.Add((name, value));
        }

        public override void Write(Utf8JsonWriter json, bool isClear)
        {
            json.WriteStartObject();
            foreach ((string name, Value value) in All)
            {
                json.WritePropertyName(name);
                value.Write(json, isClear);
            }

            json.WriteEndObject();
        }
    }
}
