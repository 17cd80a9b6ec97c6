using System.Text.Json.Nodes;
using CsCheck;

namespace Indelible.Search.Tests.Language;

/// <summary>Random trees in their JSON form, odd names and values among them.</summary>
internal static class RandomQueries
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Of("u-8472", "failure", "42", "-1.5e3", "true", "null", "10.0.0.0/8", "::1", "acme", "", " ", "a\"b", "a\\b", "*", "?*", "NOT", "(x)",
            "2026-11-23", "last7d", "a,b", "[1 TO 2]", "naïve", "患者の", "\n", "😀", "-", ">=5", "exists(x)"),
        Gen.Char["ab 1*?\\\"():,-é"].Array[0, 8].Select(chars => new string(chars)));

    private static readonly Gen<JsonArray> Path = Gen.OneOf(
        Of<string[]>(
            ["actor", "id"], ["action"], ["time"], ["message"], ["data", "x"], ["data", "a b", "c\"d"], ["labels", "env"], ["trace"], ["target", "x"],
            ["targets", "count"], ["changes", "new", "a"], ["colour"], ["received_at"], ["data", "-x", "1"], ["data", ""]),
        Text.Array[1, 3]).Select(segments => new JsonArray([.. segments.Select(segment => (JsonNode)segment)]));

    private static readonly Gen<JsonObject> Clause = Gen.OneOf(
        Path.Select(path => new JsonObject { ["op"] = "exists", ["path"] = path }),
        Gen.Select(Path, Text, Gen.Bool, (path, value, typed) =>
            new JsonObject { ["op"] = "equals", ["path"] = path, ["value"] = value, ["typed"] = typed }),
        Gen.Select(Path, Text, (path, pattern) =>
            new JsonObject { ["op"] = "like", ["path"] = path, ["pattern"] = "p" + pattern.TrimEnd('\\') + "*" }),
        Gen.Select(Path, Text.Array[0, 3], Gen.Bool, (path, words, anywhere) =>
        {
            var node = new JsonObject { ["op"] = "words", ["words"] = new JsonArray([.. words.Append("w*d").Select(word => (JsonNode)word)]) };
            if (!anywhere)
            {
                node["path"] = path;
            }

            return node;
        }),
        Gen.Select(Path, Gen.Int[-50, 50], Gen.Int[0, 50], Gen.Int[0, 3], (path, low, span, form) =>
        {
            var node = new JsonObject { ["op"] = "range", ["path"] = path, ["as"] = "number" };
            node[form % 2 == 0 ? "gte" : "gt"] = $"{low}";
            if (form > 1)
            {
                node["lte"] = $"{low + span + 1}";
            }

            return node;
        }),
        Gen.Select(Path, Text, Text, Gen.Bool, (path, low, high, one) =>
        {
            var node = new JsonObject { ["op"] = "range", ["path"] = path, ["as"] = "text", ["gt"] = low };
            if (!one)
            {
                node["lte"] = low + high + "z";
            }

            return node;
        }),
        Gen.Select(Path, Gen.Int[1, 28], Gen.Int[1, 28], (path, from, days) => new JsonObject
        {
            ["op"] = "range",
            ["path"] = path,
            ["as"] = "time",
            ["gte"] = $"2026-11-{from:00}T00:00:00Z",
            ["lt"] = $"2026-12-{days:00}T10:00:00.5Z",
        }));

    public static readonly Gen<JsonObject> Tree = Gen.Recursive<JsonObject>((depth, inner) => depth > 4
        ? Clause
        : Gen.Frequency(
            (3, Clause),
            (1, Gen.Const(() => new JsonObject { ["op"] = "all" })),
            (2, Gen.Select(Of("and", "or"), inner.Array[1, 4], (op, children) =>
                new JsonObject { ["op"] = op, ["of"] = new JsonArray([.. children.Select(child => (JsonNode)child.DeepClone())]) })),
            (1, inner.Select(child => new JsonObject { ["op"] = "not", ["of"] = child.DeepClone() }))));

    public static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
