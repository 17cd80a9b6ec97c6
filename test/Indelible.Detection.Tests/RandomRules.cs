using System.Text.Json;
using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>Random rules for our own events, and random events; between them they have every kind of test and of value.</summary>
internal static class RandomRules
{
    private static readonly string[] s_fields = ["a", "b", "c.d", "list", "time", "ip", "n"];
    private static readonly string[] s_texts = ["admin", "Admin", "root", "x", "", "adm*", "*min", "a?min", "10.0.0.7", "42", "7", "ß", "İstanbul", @"c:\temp\*", @"back\\slash", @"star\*", "-flag", "/flag on", "true", "null-ish", "ADMIN-ROOT"];
    private static readonly string[] s_values = ["admin", "ADMIN", "root", "xx", "x", "", "adminroot", "10.0.0.7", "10.1.2.3", "::1", "42", "7.5", "ẞ", "istanbul", @"C:\Temp\a", @"back\slash", "star*", "–flag", "-FLAG on", "true", "admin-root", "2026-11-23T22:14:15Z", "2026-02-01T03:00:00.5Z"];

    private static readonly Gen<string> s_member =
        from field in OneOf(s_fields)
        from modifier in OneOf("", "", "", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq", "|contains|windash", "|base64")
        from texts in OneOf([.. s_texts.Where(text => !text.Contains('*', StringComparison.Ordinal) && !text.Contains('?', StringComparison.Ordinal)), "zz"]).Array[1, 4]
        from wild in OneOf(s_texts)
        let values = modifier == "|base64" ? texts : [.. texts, wild]
        select $"{field}{modifier}: [{string.Join(", ", values.Select(Quoted))}]";

    private static readonly Gen<string> s_special = Gen.OneOf(
        from field in OneOf(s_fields) from there in Gen.Bool select $"{field}|exists: {(there ? "true" : "false")}",
        from field in OneOf(s_fields) select $"{field}: null",
        from compare in OneOf("lt", "lte", "gt", "gte") from number in OneOf("7", "7.5", "42", "-1") select $"n|{compare}: {number}",
        from compare in OneOf("lt", "lte", "gt", "gte") from number in OneOf("10", "42") select $"list|{compare}: {number}",
        from network in OneOf("10.0.0.0/8", "10.0.0.7/32", "::/0") select $"ip|cidr: {network}",
        from part in OneOf("hour", "hour|gte", "day", "month|lt", "week", "minute", "year") from number in OneOf("3", "22", "23", "2026") select $"time|{part}: {number}",
        from field in OneOf(s_fields) from other in OneOf(s_fields) from place in OneOf("", "|startswith", "|contains", "|endswith", "|cased", "|neq") select $"{field}|fieldref{place}: {other}",
        from field in OneOf(s_fields) from expression in OneOf("^adm", "[0-9]+$", "a.*n|x", "ROOT") from flags in OneOf("", "|i", "|i|s") select $"{field}|re{flags}: '{expression}'",
        from field in OneOf(s_fields) select $"{field}|contains|all: ['a', 'n']",
        from number in OneOf("42", "7", "true") select $"n: {number}");

    private static readonly Gen<string> s_selection =
        from members in Gen.OneOf(s_member, s_member, s_special).Array[1, 3]
        select "{" + string.Join(", ", members.DistinctBy(member => member[..member.IndexOf(':', StringComparison.Ordinal)])) + "}";

    /// <summary>A rule as YAML.</summary>
    public static readonly Gen<string> Rule =
        from one in s_selection
        from two in s_selection
        from other in Gen.OneOf(s_selection, s_selection.Array[1, 3].Select(list => $"[{string.Join(", ", list)}]"), OneOf(s_texts).Where(text => text.Length > 0).Array[1, 3].Select(list => $"[{string.Join(", ", list.Select(Quoted))}]"))
        from condition in OneOf(
            "sel_one", "sel_one and sel_two", "sel_one or other", "not other", "sel_one and not sel_two", "1 of sel_*", "all of sel_* and not other", "1 of them", "all of them",
            "not (sel_one or sel_two) and other", "sel_one and sel_two or other", "other or sel_one and not sel_two", "not not sel_one")
        select $$"""
            title: random
            logsource: {product: indelible}
            detection:
              sel_one: {{one}}
              sel_two: {{two}}
              other: {{other}}
              condition: {{condition}}
            """;

    private static readonly Gen<string> s_scalar = Gen.OneOf(OneOf(s_values).Select(Quoted), OneOf("7", "7.5", "42", "-1", "true", "false", "null"));

    /// <summary>An event as JSON.</summary>
    public static readonly Gen<string> Event =
        from members in s_scalar.Array[5]
        from kinds in Gen.Int[0, 7].Array[5]
        from elements in s_scalar.Array[0, 3]
        from d in s_scalar
        from hasD in Gen.Bool
        select "{" + string.Join(",", Members(members, kinds, elements, d, hasD)) + "}";

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private static IEnumerable<string> Members(string[] members, int[] kinds, string[] elements, string d, bool hasD)
    {
        string[] names = ["a", "b", "time", "ip", "n"];
        for (int i = 0; i < names.Length; i++)
        {
            // Seldom absent; seldom a list or an object.
            string? value = kinds[i] switch { 0 => null, 1 => $"[{members[i]},{d}]", 2 => $$"""{"d":{{members[i]}}}""", _ => members[i] };
            if (value is not null)
            {
                yield return $"\"{names[i]}\":{value}";
            }
        }

        yield return $"\"list\":[{string.Join(",", elements)}]";
        if (hasD)
        {
            yield return elements.Length > 1
                ? $"\"c\":[{{\"d\":{d}}},{{\"e\":1}},{{\"d\":{elements[0]}}}]"
                : $"\"c\":{{\"d\":{d},\"e\":{{\"f\":{members[0]}}}}}";
        }
    }
}
