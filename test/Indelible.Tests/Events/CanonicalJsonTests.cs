using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Events;
using Xunit;

namespace Indelible.Tests.Events;

public class CanonicalJsonTests
{
    // The sample of RFC 8785, section 3.2.3, with its numbers taken out that are beyond our range.
    [Fact]
    public void Orders_members_by_their_UTF16_units()
    {
        string json = """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""";

        Assert.Equal(
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"\U0001F600\":\"Emoji: Grinning Face\",\"\uFB33\":\"Hebrew Letter Dalet With Dagesh\"}",
            Canonical(json));
    }

    [Fact]
    public void Escapes_as_little_as_JSON_allows() =>
        Assert.Equal(
            "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\r\\t\\u0000\\u001f\u007f\u2028\"",
            Canonical("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\\b\\f\\r\\t\\u0000\\u001F\u007f\u2028\""));

    [Theory]
    [InlineData(" { \"b\" : [ 1 , true , null , { } , [ ] ] ,\r\n\t\"a\" : false } ", """{"a":false,"b":[1,true,null,{},[]]}""")]
    [InlineData("\"\"", "\"\"")]
    [InlineData("{\"\":{\"\":0}}", "{\"\":{\"\":0}}")]
    [InlineData("""{"aa":1,"a":2,"":3,"b":{"d":1,"c":2},"B":4}""", """{"":3,"B":4,"a":2,"aa":1,"b":{"c":2,"d":1}}""")]
    public void Writes_the_canonical_form(string json, string expected)
    {
        Assert.Equal(expected, Canonical(json));
        Assert.True(CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(expected)));
        Assert.Equal(json == expected, CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(json)));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("   ", "")]
    [InlineData("{", "")]
    [InlineData("[1,2", "")]
    [InlineData("[1,]", "/1")]
    [InlineData("[,1]", "/0")]
    [InlineData("[1 2]", "")]
    [InlineData("{\"a\":1,}", "")]
    [InlineData("{\"a\"}", "/a")]
    [InlineData("{\"a\":}", "/a")]
    [InlineData("{a:1}", "")]
    [InlineData("{'a':1}", "")]
    [InlineData("{\"a\":1 \"b\":2}", "")]
    [InlineData("{\"a\":{\"b\":tru}}", "/a/b")]
    [InlineData("{\"a/b~\":[0,nul]}", "/a~1b~0/1")]
    [InlineData("[1]]", "")]
    [InlineData("[1} ", "")]
    [InlineData("1 2", "")]
    [InlineData("{}x", "")]
    [InlineData("/*c*/1", "")]
    [InlineData("1//c", "")]
    [InlineData("[\"a\nb\"]", "/0")]
    [InlineData("[\"a\tb\"]", "/0")]
    [InlineData("[\"\\x\"]", "/0")]
    [InlineData("[\"\\u12g4\"]", "/0")]
    [InlineData("[\"\\u12", "/0")]
    [InlineData("[\"abc", "/0")]
    [InlineData("\u00A01", "")]
    [InlineData("\uFEFF1", "")]
    [InlineData("True", "")]
    [InlineData("\0", "")]
    [InlineData("1\0", "")]
    public void Refuses_what_is_not_JSON_and_says_where(string json, string pointer)
    {
        Fault fault = OnlyFault(Encoding.UTF8.GetBytes(json));

        Assert.Equal((FaultCode.InvalidJson, pointer), (fault.Code, fault.Pointer));
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""", "/a")]
    [InlineData("""{"a":1,"\u0061":2}""", "/a")]
    [InlineData("""[{"x":{"b":1,"a":2,"b":3}}]""", "/0/x/b")]
    [InlineData("""{"":1,"":2}""", "/")]
    public void Refuses_duplicate_members(string json, string pointer)
    {
        Fault fault = OnlyFault(Encoding.UTF8.GetBytes(json));

        Assert.Equal((FaultCode.DuplicateMember, pointer), (fault.Code, fault.Pointer));
    }

    [Theory]
    [InlineData("""["\ud800"]""")]
    [InlineData("""["\udc00"]""")]
    [InlineData("""["\ud800x"]""")]
    [InlineData("""["\ud800\n"]""")]
    [InlineData("""["\ud800\ud800"]""")]
    [InlineData("""["\udc00\ud800"]""")]
    [InlineData("""["\ud83d\u0041"]""")]
    public void Refuses_escaped_lone_surrogates(string json)
    {
        Fault fault = OnlyFault(Encoding.UTF8.GetBytes(json));

        Assert.Equal((FaultCode.BadString, "/0"), (fault.Code, fault.Pointer));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xE2, 0x82 })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    public void Refuses_bytes_that_are_not_UTF8(byte[] bytes)
    {
        Fault fault = OnlyFault([.. "{\"a\":\""u8, .. bytes, .. "\"}"u8]);

        Assert.Equal((FaultCode.BadString, "/a"), (fault.Code, fault.Pointer));
    }

    [Fact]
    public void Tells_all_faults_of_content_at_once()
    {
        Assert.False(CanonicalJson.TryCanonicalize("""{"a":1e99,"b":"\ud800","c":{"x":1,"x":2}}"""u8, out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(["/a bad-number", "/b bad-string", "/c/x duplicate-member"], faults.Select(fault => $"{fault.Pointer} {fault.Code}"));
    }

    [Fact]
    public void Accepts_64_levels_and_no_more()
    {
        byte[] deepest = Encoding.ASCII.GetBytes(new string('[', 64) + new string(']', 64));
        byte[] deeper = Encoding.ASCII.GetBytes(new string('[', 65) + new string(']', 65));

        Assert.True(CanonicalJson.IsCanonical(deepest));
        Assert.Equal(FaultCode.TooDeep, OnlyFault(deeper).Code);
    }

    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("{\"a\":", 80_000)]
    [InlineData("{\"a\":[", 60_000)]
    public void Refuses_endless_nesting(string opening, int times)
    {
        byte[] json = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(opening, times)));

        Assert.Equal(FaultCode.TooDeep, OnlyFault(json).Code);
        Assert.False(CanonicalJson.IsCanonical(json));
    }

    [Fact]
    public void Refuses_sixteen_mebibytes_unread()
    {
        byte[] json = new byte[EventLimits.BatchBytes];
        json.AsSpan().Fill((byte)'[');

        Assert.Equal(FaultCode.TooLong, OnlyFault(json).Code);
        Assert.False(CanonicalJson.IsCanonical(json));
    }

    [Fact]
    public void Refuses_more_values_than_an_entry_could_hold()
    {
        byte[] json = Encoding.ASCII.GetBytes("[" + string.Join(",", Enumerable.Repeat("0", 70_000)) + "]");

        Assert.Equal(FaultCode.TooMany, OnlyFault(json).Code);
    }

    [Fact]
    public void A_document_full_of_faults_tells_the_first_ones()
    {
        string json = "[" + string.Join(",", Enumerable.Repeat("1e99", 30_000)) + "]";
        string duplicates = "{" + string.Join(",", Enumerable.Repeat("\"a\":1", 30_000)) + "}";

        CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes(json), out _, out IReadOnlyList<Fault> numbers);
        CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes(duplicates), out _, out IReadOnlyList<Fault> names);

        Assert.Equal(EventLimits.Faults, numbers.Count);
        Assert.Equal(EventLimits.Faults, names.Count);
    }

    [Fact]
    public void Bytes_beyond_an_entrys_length_are_not_canonical()
    {
        byte[] fits = Encoding.ASCII.GetBytes("\"" + new string('x', EventLimits.EntryBytes - 2) + "\"");

        Assert.True(CanonicalJson.IsCanonical(fits));
        Assert.False(CanonicalJson.IsCanonical(Encoding.ASCII.GetBytes("\"" + new string('x', EventLimits.EntryBytes - 1) + "\"")));
    }

    [Fact]
    public void Canonical_forms_are_sorted_equal_in_meaning_and_their_own_canonical_form()
    {
        for (int seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            WriteRandom(random, text, 4);
            byte[] json = Encoding.UTF8.GetBytes(text.ToString());

            byte[] canonical = CanonicalJson.Canonicalize(json);

            Assert.True(canonical.AsSpan().SequenceEqual(CanonicalJson.Canonicalize(canonical)), $"seed {seed}");
            Assert.True(CanonicalJson.IsCanonical(canonical), $"seed {seed}");
            using JsonDocument before = JsonDocument.Parse(json);
            using JsonDocument after = JsonDocument.Parse(canonical);
            Assert.True(JsonElement.DeepEquals(before.RootElement, after.RootElement), $"seed {seed}: {text}");
            AssertSorted(after.RootElement);
        }
    }

    [Fact]
    public void A_changed_byte_never_confuses_the_reader()
    {
        byte[] json = """{"a":[1,-2.5e-3,"x\u00e9\n\ud83d\ude00"],"b":{"c":null,"d":true,"e":false},"é":"€"}"""u8.ToArray();
        for (int at = 0; at < json.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. json];
                changed[at] = (byte)value;
                bool accepted = CanonicalJson.TryCanonicalize(changed, out byte[]? canonical, out IReadOnlyList<Fault> faults);

                // What we accept every other reader accepts as well, with the same meaning.
                Assert.Equal(accepted, faults.Count == 0);
                if (accepted)
                {
                    using JsonDocument before = JsonDocument.Parse(changed);
                    using JsonDocument after = JsonDocument.Parse(canonical);
                    Assert.True(JsonElement.DeepEquals(before.RootElement, after.RootElement));
                }
            }
        }
    }

    private static void AssertSorted(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            string[] names = value.EnumerateObject().Select(member => member.Name).ToArray();
            Assert.Equal(names.Order(StringComparer.Ordinal), names);
            foreach (JsonProperty member in value.EnumerateObject())
            {
                AssertSorted(member.Value);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                AssertSorted(item);
            }
        }
    }

    private static void WriteRandom(Random random, StringBuilder to, int depth)
    {
        int kind = random.Next(depth == 0 ? 5 : 8);
        switch (kind)
        {
            case 0:
                to.Append(random.Next(3) switch { 0 => "true", 1 => "false", _ => "null" });
                break;
            case 1:
                to.Append(random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture)).Append(random.Next(2) == 0 ? "" : ".50");
                break;
            case 2:
                to.Append(random.NextDouble().ToString("R", CultureInfo.InvariantCulture));
                break;
            case 3 or 4:
                WriteRandomText(random, to);
                break;
            case 5:
                to.Append('[');
                for (int i = random.Next(5); i > 0; i--)
                {
                    WriteRandom(random, to, depth - 1);
                    to.Append(i > 1 ? " , " : "");
                }

                to.Append(']');
                break;
            default:
                WriteRandomObject(random, to, depth);
                break;
        }
    }

    private static void WriteRandomObject(Random random, StringBuilder to, int depth)
    {
        // Some have more members than the reader sorts by hand.
        int members = random.Next(8) == 0 ? random.Next(60) : random.Next(6);
        var names = new HashSet<string>(StringComparer.Ordinal);
        to.Append('{');
        for (int i = 0; i < members; i++)
        {
            var name = new StringBuilder();
            WriteRandomText(random, name);
            using JsonDocument decoded = JsonDocument.Parse(name.ToString());
            if (names.Add(decoded.RootElement.GetString()!))
            {
                to.Append(names.Count > 1 ? "," : "").Append(name).Append(':');
                WriteRandom(random, to, members > 10 ? 0 : depth - 1);
            }
        }

        to.Append('}');
    }

    private static void WriteRandomText(Random random, StringBuilder to)
    {
        // Around the places where UTF-8 and UTF-16 sort differently, and where escapes begin.
        int[] edges = [0, 8, 0x1F, 0x20, '"', '\\', '/', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF, 'a', 'b'];
        to.Append('"');
        for (int i = random.Next(6); i > 0; i--)
        {
            string text = char.ConvertFromUtf32(edges[random.Next(edges.Length)]);
            foreach (char unit in text)
            {
                bool mustEscape = unit is < ' ' or '"' or '\\';
                if (mustEscape || (random.Next(3) == 0 && text.Length == 1))
                {
                    to.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}");
                }
                else
                {
                    to.Append(unit);
                }
            }
        }

        to.Append('"');
    }

    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(json)));

    private static Fault OnlyFault(byte[] json)
    {
        Assert.False(CanonicalJson.TryCanonicalize(json, out byte[]? canonical, out IReadOnlyList<Fault> faults));
        Assert.Null(canonical);
        return Assert.Single(faults);
    }
}
