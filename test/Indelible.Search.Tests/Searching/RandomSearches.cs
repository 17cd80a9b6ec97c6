using System.Text.Json.Nodes;
using CsCheck;
using Indelible.Search.Tests.Language;

namespace Indelible.Search.Tests.Searching;

/// <summary>Random queries that find something in <see cref="RandomLog"/>, and random sights.</summary>
internal static class RandomSearches
{
    private static readonly Gen<JsonArray> s_path = RandomLog.Path.Select(path => new JsonArray([.. path.Select(name => (JsonNode)name)]));

    private static readonly Gen<string> s_number = RandomQueries.Of("42", "-1500", "0", "0.5", "99.5", "1e21", "5", "-3", "9007199254740992", "42.0");

    private static readonly Gen<string> s_glob = RandomQueries.Of("*", "?*", "u-*", "*a*", "4*", "-*", "p?*", "*\\**", "1?.0.*", "*é*", "患*", "?", "*d");

    private static readonly Gen<JsonObject> s_clause = Gen.OneOf(
        s_path.Select(path => new JsonObject { ["op"] = "exists", ["path"] = path }),
        Gen.Select(s_path, Gen.OneOf(RandomLog.Word, s_number, RandomQueries.Of("10.0.0.0/8", "::/0", "0.0.0.0/0", "true", "null")), Gen.Bool, (path, value, typed) =>
            new JsonObject { ["op"] = "equals", ["path"] = path, ["value"] = value, ["typed"] = typed }),
        RandomQueries.Of<string[]>(["aa01"], ["4bf92f", "aa02"], ["acme"], ["u", "8472"], ["payment"], ["pay*", "refused"], ["word"], ["4b*"], ["*"], ["w", "*"]).Select(
            words => new JsonObject { ["op"] = "words", ["words"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) }),
        RandomQueries.Of("10.0.0.0/8", "10.0.0.7", "::1", "::/0", "0.0.0.0/0", "10.0.0.9", "2001:db8::/32").Select(
            network => new JsonObject { ["op"] = "equals", ["path"] = new JsonArray("source", "ip"), ["value"] = network, ["typed"] = true }),
        Gen.Select(s_path, s_glob, (path, pattern) => new JsonObject { ["op"] = "like", ["path"] = path, ["pattern"] = pattern }),
        Gen.Select(s_path, Gen.OneOf(RandomLog.Word, s_glob, RandomQueries.Of("wörd", "οδος", "payment refused", "aa01", "4bf92f", "word 記", "の")), Gen.Bool, (path, words, anywhere) =>
        {
            var node = new JsonObject { ["op"] = "words", ["words"] = new JsonArray([.. words.Split(' ', '-').Select(word => (JsonNode)word)]) };
            if (!anywhere)
            {
                node["path"] = path;
            }

            return node;
        }),
        Range(s_path, "number", s_number),
        Range(s_path, "text", RandomLog.Word),
        Range(s_path, "address", RandomQueries.Of("10.0.0.0", "10.0.0.7", "10.0.0.9", "255.255.255.255", "::", "::1", "2001:db8::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
        Range(
            Gen.OneOf(s_path, Gen.Const(() => new JsonArray("time")), Gen.Const(() => new JsonArray("received_at"))),
            "time",
            RandomQueries.Of("2026-11-05T00:00:00Z", "2026-11-20T08:00:00Z", "2026-11-20T10:00:00Z", "2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z", "2026-11-24T00:00:00Z", "0001-01-01T00:00:00Z")));

    private static readonly Gen<JsonObject> s_tree = Gen.Recursive<JsonObject>((depth, inner) => depth > 3
        ? s_clause
        : Gen.Frequency(
            (4, s_clause),
            (1, Gen.Const(() => new JsonObject { ["op"] = "all" })),
            (3, Gen.Select(RandomQueries.Of("and", "or"), inner.Array[1, 4], (op, children) =>
                new JsonObject { ["op"] = op, ["of"] = new JsonArray([.. children.Select(child => (JsonNode)child.DeepClone())]) })),
            (2, inner.Select(child => new JsonObject { ["op"] = "not", ["of"] = child.DeepClone() }))));

    /// <summary>Queries; where a tree is none, every entry.</summary>
    public static readonly Gen<Query> Query = Gen.Frequency((4, s_tree), (1, RandomQueries.Tree)).Select(
        tree => Search.Query.TryFromJson(tree, out Query? query, out _) ? query : Search.Query.All);

    /// <summary>Single clauses.</summary>
    public static readonly Gen<Query> Clause = s_clause.Select(tree => Search.Query.TryFromJson(tree, out Query? query, out _) ? query : Search.Query.All);

    /// <summary>Sights: mostly one of everything, else rows of some queries.</summary>
    public static readonly Gen<RowSight[]> Sights = Gen.Frequency(
        (3, Gen.Bool.Select(isClear => (RowSight[])[new RowSight(Search.Query.All, isClear)])),
        (3, Gen.Select(Query, Gen.Bool, (rows, isClear) => new RowSight(rows, isClear)).Array[0, 3]),
        (1, Gen.Select(Query, rows => (RowSight[])[new RowSight(rows, true), new RowSight(Search.Query.All, false)])));

    private static Gen<JsonObject> Range(Gen<JsonArray> paths, string kind, Gen<string> ends) => Gen.Select(
        paths, ends, ends, Gen.Int[0, 8], (path, low, high, form) =>
        {
            var node = new JsonObject { ["op"] = "range", ["path"] = path, ["as"] = kind };
            if (form % 3 != 1)
            {
                node[kind == "time" || form < 5 ? "gte" : "gt"] = low;
            }

            if (form % 3 != 2)
            {
                node[kind == "time" || form > 4 ? "lt" : "lte"] = high;
            }

            return node;
        });
}
