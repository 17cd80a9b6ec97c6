using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;

namespace Indelible.Server.Tests.Indexing;

/// <summary>Events and queries by chance, over few enough values that they meet.</summary>
internal static class Shadow
{
    private static readonly string[] s_actions = ["invoice.read", "invoice.refund", "user.create", "user.delete", "export.run"];
    private static readonly string[] s_words = ["aspirin", "refused", "Überweisung", "naïve", "O'Brien", "x-1", "10.0.0.1", "42"];
    private static readonly string[] s_people = ["Ada Lovelace", "Grace Hopper", "Zoë Möller", "ada king"];
    private static readonly string[] s_addresses = ["10.0.0.1", "10.1.2.3", "192.0.2.7", "2001:db8::7", "::ffff:10.0.0.1"];
    private static readonly DateTimeOffset s_begin = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>An event; its id is made of the number.</summary>
    public static readonly Gen<Func<long, string>> Event =
        from action in Of(s_actions)
        from outcome in Of("success", "failure", "unknown")
        from actor in Gen.Int[0, 12]
        from person in Gen.Int[0, 6]
        from minutes in Gen.Int[0, 5_000]
        from words in Of(s_words).Array[0, 4]
        from address in Gen.Int[0, 7]
        from target in Gen.Int[0, 30]
        from number in Gen.OneOf(Gen.Int[-5, 5].Select(n => (double)n), Gen.Int[0, 400].Select(n => n / 8.0))
        from shape in Gen.Int[0, 5]
        select (Func<long, string>)(index => Text(index, action, outcome, actor, person, minutes, words, address, target, number, shape));

    private static readonly Gen<string> s_clause = Gen.OneOf(
        Of(s_actions).Select(action => $"action:{action}"),
        Of("invoice.*", "*.run", "user.?elete", "*").Select(pattern => $"action:{pattern}"),
        Of("success", "failure", "no-such").Select(outcome => $"outcome:{outcome}"),
        Gen.Int[0, 14].Select(actor => $"actor:u-{actor}"),
        Gen.Int[0, 900].Select(id => $"id:e-{id}"),
        Gen.Int[0, 99].Select(part => $"id:e-{part}*"),
        Of("*7", "e-?5", "e-1*3").Select(pattern => $"id:{pattern}"),
        Of(s_people).Select(person => $"actor.name:\"{person}\""),
        Of("ada", "LOVELACE", "hop*", "möller", "nobody").Select(word => $"actor.name:{word}"),
        Of(s_words).Select(word => $"message:\"{word}\""),
        Of(s_words).Select(word => $"\"{word}\""),
        Of("ada", "lovelace", "asp*", "\"aspirin refused\"", "\"ada lovelace\"", "sha256", "hopper", "u-3", "nothing"),
        Of(s_addresses).Select(address => $"source.ip:{address}"),
        Of("10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0").Select(network => $"source.ip:{network}"),
        Of("10.0.0.0/8", "10.1.2.3").Select(network => $"data.peer:{network}"),
        Gen.Int[0, 32].Select(target => $"target:t-{target}"),
        Gen.Int[-5, 50].Select(number => $"data.n>{number}"),
        Gen.Int[-5, 50].Select(number => $"data.n:[{number} TO {number + 9}]"),
        Gen.Int[-5, 50].Select(number => $"data.n:{number}"),
        Of("data.flag:true", "data.flag:false", "data.none:null", "labels.env:prod", "labels.env:p*", "data.list:b", "data.n<=2.5"),
        Of("data.peer", "actor.name", "source.ip", "labels", "data.list", "data.flag").Select(field => $"exists({field})"),
        Gen.Int[0, 5_000].Select(minutes => $"time>={TimeOf(minutes)}"),
        Gen.Int[0, 5_000].Select(minutes => $"time:[{TimeOf(minutes)} TO {TimeOf(minutes + 700)}]"));

    /// <summary>A query.</summary>
    public static readonly Gen<string> Query = Gen.Recursive<string>((depth, self) => depth > 2
        ? s_clause
        : Gen.Frequency(
            (5, s_clause),
            (2, Gen.Select(self, self, (a, b) => $"({a}) ({b})")),
            (2, Gen.Select(self, self, (a, b) => $"({a}) OR ({b})")),
            (1, self.Select(a => $"NOT ({a})"))));

    /// <summary>A field to count by.</summary>
    public static readonly Gen<string> Field = Of("action", "outcome", "actor.id", "actor.name", "targets.id", "source.ip", "data.n", "data.flag", "data.list", "labels.env", "id", "message", "data.peer");

    private static Gen<string> Of(params string[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    private static string TimeOf(int minutes) => (s_begin + TimeSpan.FromMinutes(minutes)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(long index, string action, string outcome, int actor, int person, int minutes, string[] words, int address, int target, double number, int shape)
    {
        var who = new JsonObject { ["id"] = $"u-{actor}", ["type"] = "user" };
        var data = new JsonObject { ["n"] = number };
        var made = new JsonObject
        {
            ["schema"] = "audit/1",
            ["id"] = $"e-{index}",
            ["time"] = TimeOf(minutes),
            ["action"] = action,
            ["outcome"] = outcome,
            ["service"] = new JsonObject { ["name"] = "billing" },
            ["actor"] = who,
            ["targets"] = new JsonArray(new JsonObject { ["type"] = "invoice", ["id"] = $"t-{target}" }, new JsonObject { ["type"] = "user", ["id"] = $"t-{target / 3}" }),
        };
        if (person < s_people.Length)
        {
            who["name"] = s_people[person];
        }

        if (words.Length > 0)
        {
            made["message"] = string.Join(' ', words);
        }

        if (address < s_addresses.Length)
        {
            made["source"] = new JsonObject { ["ip"] = s_addresses[address] };
            data["peer"] = s_addresses[(address + 1) % s_addresses.Length];
        }

        switch (shape)
        {
            case 0:
                data["flag"] = number > 0;
                data["none"] = null;
                break;
            case 1:
                made["labels"] = new JsonObject { ["env"] = target % 2 == 0 ? "prod" : "test" };
                break;
            case 2:
                data["list"] = new JsonArray("a", "b", number);
                break;
        }

        made["data"] = data;
        return made.ToJsonString();
    }
}
