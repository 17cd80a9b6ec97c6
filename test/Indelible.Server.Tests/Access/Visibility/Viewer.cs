using System.Text;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>Asks everything that can be asked with one key of a world, and compares each answer with what <see cref="Model"/> allows.</summary>
internal sealed class Viewer(TestServer server, World world, Names names, Model model, KeySpec key, string text)
{
    private readonly StringBuilder _all = new();

    /// <summary>Asks at every door but the live tail.</summary>
    public async Task LookAsync()
    {
        await CheckNamesAsync();
        await CheckConfigurationAsync();
        for (int log = 0; log < world.Logs.Length; log++)
        {
            foreach (Ask ask in world.Asks)
            {
                await CheckSearchAsync(log, ask);
                await CheckCountsAsync(log, ask);
                await CheckExportAsync(log, ask);
            }

            for (int index = 0; index <= world.Logs[log].Length; index++)
            {
                await CheckEntryAsync(log, index);
                await CheckContextAsync(log, index);
            }

            await CheckEntitiesAsync(log);
            await CheckWholeAsync(log);
        }

        CheckNothingGivenAway(_all.ToString(), null);
    }

    /// <summary>Follows a log from its second entry on; what comes is compared up to an entry that is appended while it looks.</summary>
    /// <returns>Whether the key is good still: where nothing is to come, it is revoked to end the stream.</returns>
    public async Task<bool> FollowAsync(int log, Stage stage, int number)
    {
        string parameters = $"?after=0&q={Uri.EscapeDataString(world.Asks[0].What.Text(names))}";
        if (model.With(key, log, "tail").Count == 0)
        {
            Refused(await server.GetAsync($"api/logs/{names.LogOf(log)}/tail{parameters}", text), log);
            return true;
        }

        using EventReader tail = await EventReader.OpenAsync(server, names.LogOf(log), text, parameters);
        List<int> wanted = model.Find(key, log, world.Asks[0].What, "tail");
        if (wanted.Count == 0)
        {
            await stage.RevokeAsync(number);
            Assert.Equal("end", (await NextAsync(tail)).Name);
            return false;
        }

        world.Logs[log] = [.. world.Logs[log], world.Logs[log][wanted[^1]]];
        await stage.AppendAsync(log, world.Logs[log].Length - 1);
        var got = new List<int>();
        while (got.Count == 0 || got[^1] < world.Logs[log].Length - 1)
        {
            (long? index, string name, string data) = await NextAsync(tail);
            Assert.Equal("entry", name);
            got.Add((int)index!);
            CheckItem(JsonElement.Parse(data), log, "tail");
            _all.AppendLine(data);
        }

        Assert.Equal([.. wanted.Where(index => index > 0), world.Logs[log].Length - 1], got);
        CheckNothingGivenAway(_all.ToString(), null);
        return true;
    }

    private static async Task<(long? Id, string Name, string Data)> NextAsync(EventReader tail) => await tail.NextAsync().WaitAsync(TimeSpan.FromMinutes(1));

    private async Task CheckNamesAsync()
    {
        (Dictionary<string, string> Rights, int[] Logs) mine = (
            Enumerable.Range(0, world.Logs.Length).Where(log => model.RightsOf(key, log).Count > 0).ToDictionary(names.LogOf, log => string.Join(' ', model.RightsOf(key, log))),
            [.. Enumerable.Range(0, world.Logs.Length).Where(log => model.RightsOf(key, log).Count > 0)]);
        Answer me = await AskAsync("api/me");
        Answer logs = await AskAsync("api/logs");
        if (!model.IsGood(key))
        {
            me.ShouldBeProblem(401, "unauthenticated");
            logs.ShouldBeProblem(401, "unauthenticated");
            return;
        }

        Assert.Equal(
            mine.Rights.OrderBy(log => log.Key, StringComparer.Ordinal).Select(log => $"{log.Key}: {log.Value}"),
            me.Json.GetProperty("logs").EnumerateArray().Where(IsOurs).Select(log => $"{Name(log)}: {string.Join(' ', log.GetProperty("rights").EnumerateArray())}"));
        Assert.Equal(mine.Logs.Select(names.LogOf).Order(StringComparer.Ordinal), logs.Json.GetProperty("logs").EnumerateArray().Where(IsOurs).Select(Name));
    }

    private async Task CheckConfigurationAsync()
    {
        foreach ((string path, string list, string member) in new[] { ("api/principals", "principals", "name"), ("api/keys", "keys", "principal"), ("api/grants", "grants", "principal") })
        {
            Answer answer = await AskAsync(path);
            if (model.With(key, "inspect").Count == 0)
            {
                Assert.Equal(model.IsGood(key) ? 403 : 401, answer.Status);
                continue;
            }

            IEnumerable<int> whose = list switch { "principals" => Enumerable.Range(0, world.Members.Length), "keys" => world.Keys.Select(one => one.Member), _ => world.Grants.Select(one => one.Member) };
            Assert.Equal(
                whose.Where(who => model.Inspects(key, who)).Select(names.MemberOf).Order(StringComparer.Ordinal),
                answer.Json.GetProperty(list).EnumerateArray().Select(item => item.GetProperty(member).GetString()!).Where(name => name.StartsWith(names.Mark, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
            CheckNoOtherTenant(answer);
        }

        for (int log = 0; log < world.Logs.Length; log++)
        {
            Answer answer = await AskAsync("api/access?log=" + names.LogOf(log));
            if (model.With(key, log, "inspect").Count == 0)
            {
                Refused(answer, log);
                continue;
            }

            IEnumerable<string> wanted = world.Keys.GroupBy(one => one.Member)
                .Select(group => (Name: names.MemberOf(group.Key), Rights: Words.Rights.Where(right => group.Any(one => model.With(one, log, right).Count > 0)).ToList()))
                .Where(who => who.Rights.Count > 0)
                .Select(who => $"{who.Name}: {string.Join(' ', who.Rights)}");
            Assert.Equal(
                wanted.Order(StringComparer.Ordinal),
                answer.Json.GetProperty("principals").EnumerateArray().Where(IsOurs).Select(who => $"{Name(who)}: {string.Join(' ', who.GetProperty("rights").EnumerateArray())}").Order(StringComparer.Ordinal));
            CheckNoOtherTenant(answer, names.TenantOf(log));
        }
    }

    private async Task CheckSearchAsync(int log, Ask ask)
    {
        List<int> wanted = model.Find(key, log, ask.What);
        wanted = ask.Order switch { "asc" => wanted, "desc" => [.. wanted.OrderDescending()], _ => [.. wanted.OrderByDescending(Stage.TimeOf).ThenByDescending(index => index)] };
        var got = new List<int>();
        string cursor = "";
        do
        {
            Answer answer = await AskAsync($"api/logs/{names.LogOf(log)}/events?q={Uri.EscapeDataString(ask.What.Text(names))}&order={ask.Order}&limit={ask.Limit}&explain=true{cursor}");
            if (model.With(key, log, "read").Count == 0)
            {
                Refused(answer, log);
                return;
            }

            Assert.True(answer.Status == 200, answer.Text);
            JsonElement page = answer.Json;
            CheckClauses(page, log, ask.What);
            Assert.Equal((wanted.Count, true), (page.GetProperty("total").GetProperty("value").GetInt32(), page.GetProperty("total").GetProperty("exact").GetBoolean()));
            foreach (JsonElement item in page.GetProperty("items").EnumerateArray())
            {
                got.Add(item.GetProperty("index").GetInt32());
                CheckItem(item, log, "read");
            }

            cursor = page.GetProperty("next").GetString() is { } next ? "&cursor=" + Uri.EscapeDataString(next) : "";
        }
        while (cursor.Length > 0);
        Assert.Equal(wanted, got);
    }

    /// <summary>That each clause is counted by itself, in what the key sees.</summary>
    private void CheckClauses(JsonElement page, int log, Test what) => Assert.Equal(
        what.Leaves().DistinctBy(leaf => (leaf.Of.Text(names), leaf.IsNegated)).Select(leaf => (leaf.IsNegated, model.Find(key, log, leaf.Of).Count)),
        page.GetProperty("clauses").EnumerateArray().Select(clause => (clause.GetProperty("negated").GetBoolean(), clause.GetProperty("matches").GetProperty("value").GetInt32())));

    /// <summary>That an item's personal values are beside it, or masked, as they should be.</summary>
    private void CheckItem(JsonElement item, int log, string right)
    {
        int index = item.GetProperty("index").GetInt32();
        int view = model.ViewOf(key, log, index, right);
        Assert.Equal($"e{index}", item.GetProperty("entry").GetProperty("id").GetString());
        if (view == 2)
        {
            Happening what = world.Logs[log][index];
            string? name = item.GetProperty("personal").TryGetProperty("/actor/name", out JsonElement shown) ? shown.GetString() : null;
            Assert.Equal(what.Person == Happening.Nobody ? null : names.FullNameOf(what.Person, log, index), name);
            Assert.False(item.TryGetProperty("masked", out _));
        }
        else
        {
            Assert.False(item.TryGetProperty("personal", out _));
            Assert.Equal(view == 1 ? "on_request" : "never", item.GetProperty("masked").GetProperty("revealed").GetString());
        }
    }

    private async Task CheckCountsAsync(int log, Ask ask)
    {
        Answer answer = await AskAsync($"api/logs/{names.LogOf(log)}/counts?q={Uri.EscapeDataString(ask.What.Text(names))}&by={ask.By}&top=1000");
        if (model.With(key, log, "read").Count == 0)
        {
            Refused(answer, log);
            return;
        }

        List<int> wanted = model.Find(key, log, ask.What);
        JsonElement counts = answer.Json;
        Assert.Equal(wanted.Count, counts.GetProperty("total").GetProperty("value").GetInt32());
        long width = counts.GetProperty("interval_seconds").GetInt64() * TimeSpan.TicksPerSecond;
        Assert.Equal(
            wanted.GroupBy(index => Stage.TimeOf(index).UtcTicks / width).OrderBy(group => group.Key).Select(group => group.Count()),
            counts.GetProperty("histogram").EnumerateArray().Select(one => one.GetProperty("count").GetInt32()));
        IEnumerable<string> values = wanted.Select(index => ValueOf(ask.By, world.Logs[log][index], model.SeenOf(log, index, model.ViewOf(key, log, index) == 2))).OfType<string>();
        Assert.Equal(
            values.GroupBy(value => value).Select(group => $"{group.Key} {group.Count()}").Order(StringComparer.Ordinal),
            counts.GetProperty("values").EnumerateArray().Select(one => $"{one.GetProperty("value").GetString()} {one.GetProperty("count").GetInt32()}").Order(StringComparer.Ordinal));
        Assert.Equal(0, counts.GetProperty("other_values").GetInt32());
    }

    private async Task CheckExportAsync(int log, Ask ask)
    {
        List<int> wanted = model.Find(key, log, ask.What, "export");
        foreach (string format in (string[])["ndjson", "csv&fields=index,actor.name", "ocsf"])
        {
            Answer answer;
            do
            {
                // A tenant has so many under way, and everybody looks at once.
                answer = await AskAsync($"api/logs/{names.LogOf(log)}/export?q={Uri.EscapeDataString(ask.What.Text(names))}&format={format}");
            }
            while (answer.Status == 429);

            if (model.With(key, log, "export").Count == 0)
            {
                Refused(answer, log);
                continue;
            }

            Assert.True(answer.Status == 200, answer.Text);
            string[] lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(wanted, lines.Skip(format[0] == 'c' ? 1 : 0).Select(line => format[0] switch
            {
                'n' => JsonElement.Parse(line).GetProperty("index").GetInt32(),
                'c' => int.Parse(line.Split(',')[0], null),
                _ => JsonElement.Parse(line).GetProperty("metadata").GetProperty("sequence").GetInt32(),
            }));
            foreach (string line in format == "ndjson" ? lines : [])
            {
                CheckItem(JsonElement.Parse(line), log, "export");
            }

            foreach ((string line, int index) in format[0] == 'c' ? lines.Skip(1).Zip(wanted) : [])
            {
                Happening what = world.Logs[log][index];
                string name = what.Person == Happening.Nobody ? "" : model.ViewOf(key, log, index, "export") == 2 ? names.FullNameOf(what.Person, log, index) : "[masked]";
                Assert.Equal(name, line.Split(',')[1].Trim('\r', '"'));
            }
        }
    }

    private static string? ValueOf(string by, Happening what, Seen seen)
    {
        if (Fields.All.FirstOrDefault(field => field.Path == by).Values is { } values)
        {
            return values[what.FactOf(Fields.All.ToList().FindIndex(field => field.Path == by))] is not "no-such" and string value ? value : null;
        }

        return by switch { "actor.name" => seen.Name, "actor.email" => seen.Email, _ => seen.Secret };
    }

    private async Task CheckEntryAsync(int log, int index)
    {
        string path = $"api/logs/{names.LogOf(log)}/events/{index}";
        Answer[] answers = [await AskAsync(path), await AskAsync(path + "?view=clear"), await AskAsync(path + "?openings=true"), await AskAsync(path + "/proof")];
        Answer revealed = await server.PostAsync(path + "/reveal", text, """{"reason":"a test"}""");
        if (model.With(key, log, "read").Count == 0)
        {
            Assert.All((Answer[])[.. answers, revealed], answer => Refused(answer, log));
            return;
        }

        if (index >= world.Logs[log].Length || !model.Sees(key, log, index))
        {
            Assert.All((Answer[])[.. answers, revealed], answer => answer.ShouldBeProblem(404, "not-found"));
            return;
        }

        int view = model.ViewOf(key, log, index);
        Assert.Equal(
            (200, view == 2 ? 200 : 403, view == 2 && model.ViewOf(key, log, index, "export") == 2 ? 200 : 403, 200, view > 0 ? 200 : 403),
            (answers[0].Status, answers[1].Status, answers[2].Status, answers[3].Status, revealed.Status));
        Happening what = world.Logs[log][index];
        foreach (Answer clear in ((Answer[])[answers[1], answers[2], revealed]).Where(answer => answer.Status == 200 && what.Person != Happening.Nobody))
        {
            Assert.Contains(names.FullNameOf(what.Person, log, index), clear.Text, StringComparison.Ordinal);
        }

        CheckNothingGivenAway(revealed.Text, (log, index));
    }

    private async Task CheckContextAsync(int log, int index)
    {
        const int Limit = 2;
        Answer answer = await AskAsync($"api/logs/{names.LogOf(log)}/events/{index}/context?limit={Limit}");
        if (model.With(key, log, "read").Count == 0)
        {
            Refused(answer, log);
            return;
        }

        if (index >= world.Logs[log].Length || !model.Sees(key, log, index))
        {
            answer.ShouldBeProblem(404, "not-found");
            return;
        }

        Assert.True(answer.Status == 200, answer.Text);
        Happening what = world.Logs[log][index];
        var wanted = new List<string> { Group("actor", $"u-{what.Person}", with => with.Person == what.Person, isSecret: false) };
        if (IsSessionShown(log, index))
        {
            wanted.Add(Group("session", names.SessionOf(what.Person), with => with.HasSecret && with.Person == what.Person, isSecret: true));
        }

        wanted.Add(Group("target", "t", with => with.Target == what.Target, isSecret: false));
        JsonElement context = answer.Json;
        Assert.Equal(wanted, context.GetProperty("groups").EnumerateArray().Select(group =>
            $"{group.GetProperty("kind").GetString()} {group.GetProperty("id").GetString()}: {group.GetProperty("total").GetProperty("value")} {Indexes(group, "before")} {Indexes(group, "after")}"));
        Assert.Empty(context.GetProperty("links").EnumerateArray());
        CheckItem(context.GetProperty("item"), log, "read");
        foreach (JsonElement item in context.GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("before").EnumerateArray().Concat(group.GetProperty("after").EnumerateArray())))
        {
            CheckItem(item, log, "read");
        }

        string Group(string kind, string id, Func<Happening, bool> isIn, bool isSecret)
        {
            List<int> all = [.. Seen(log, at => isIn(world.Logs[log][at]) && (!isSecret || IsSessionShown(log, at)))];
            int place = all.IndexOf(index);
            return $"{kind} {id}: {all.Count} {string.Join(',', all.Take(place).TakeLast(Limit))} {string.Join(',', all.Skip(place + 1).Take(Limit))}";
        }

        static string Indexes(JsonElement group, string side) => string.Join(',', group.GetProperty(side).EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
    }

    private async Task CheckEntitiesAsync(int log)
    {
        for (int person = 0; person <= Happening.Nobody; person++)
        {
            int who = person;
            bool mayAskForPersonal = model.ShowsPersonal(key, log);
            await CheckEntityAsync(log, "actor", $"u-{who}", true, index => world.Logs[log][index].Person == who);
            await CheckEntityAsync(log, "email", names.EmailOf(who), mayAskForPersonal, index => who != Happening.Nobody && world.Logs[log][index].Person == who && model.ViewOf(key, log, index) == 2);
            await CheckEntityAsync(
                log, "session", names.SessionOf(who), mayAskForPersonal || !Model.IsSecretPersonal(log), index => world.Logs[log][index].Person == who && IsSessionShown(log, index));
        }

        await CheckEntityAsync(log, "target", "t", true, _ => true);
        await CheckEntityAsync(log, "target", "u", true, _ => false);
    }

    private async Task CheckEntityAsync(int log, string kind, string id, bool mayAsk, Func<int, bool> isIn)
    {
        Answer answer = await AskAsync($"api/logs/{names.LogOf(log)}/entities/{kind}/{Uri.EscapeDataString(id)}?top=1000");
        if (model.With(key, log, "read").Count == 0)
        {
            Refused(answer, log);
            return;
        }

        if (!mayAsk)
        {
            answer.ShouldBeProblem(403, "forbidden");
            return;
        }

        Assert.True(answer.Status == 200, answer.Text);
        List<int> wanted = [.. Seen(log, isIn)];
        JsonElement entity = answer.Json;
        Assert.Equal(wanted.Count, entity.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(
            (wanted.Select(index => (int?)index).FirstOrDefault(), wanted.Select(index => (int?)index).LastOrDefault()),
            (At(entity.GetProperty("first")), At(entity.GetProperty("last"))));
        Assert.Equal(wanted.Count(index => Fields.All[1].Values[world.Logs[log][index].Outcome] == "failure"), entity.GetProperty("failures").GetProperty("count").GetInt32());
        Assert.Equal(wanted.Count == 0 ? [] : [wanted.Count], entity.GetProperty("by_day").GetProperty("days").EnumerateArray().Select(day => day.GetProperty("count").GetInt32()));
        CheckSide("actions", what => Fields.All[0].Values[what.Action]);
        CheckSide("services", what => Fields.All[3].Values[what.Service]);
        if (kind != "actor")
        {
            CheckSide("actors", what => $"u-{what.Person}");
        }

        Assert.Equal(model.ShowsPersonal(key, log) ? JsonValueKind.Object : JsonValueKind.Null, entity.GetProperty("addresses").ValueKind);

        void CheckSide(string side, Func<Happening, string> value) => Assert.Equal(
            wanted.GroupBy(index => value(world.Logs[log][index])).Select(group => $"{group.Key} {group.Count()}").Order(StringComparer.Ordinal),
            entity.GetProperty(side).GetProperty("values").EnumerateArray().Select(one => $"{one.GetProperty("value").GetString()} {one.GetProperty("count")}").Order(StringComparer.Ordinal));

        static int? At(JsonElement seen) => seen.ValueKind == JsonValueKind.Null ? null : seen.GetProperty("index").GetInt32();
    }

    /// <summary>The indexes of what the key sees and a condition holds for, in the order of time.</summary>
    private IEnumerable<int> Seen(int log, Func<int, bool> isIn) =>
        Enumerable.Range(0, world.Logs[log].Length).Where(index => model.Sees(key, log, index) && isIn(index)).OrderBy(Stage.TimeOf).ThenBy(index => index);

    private bool IsSessionShown(int log, int index) => world.Logs[log][index].HasSecret && (!Model.IsSecretPersonal(log) || model.ViewOf(key, log, index) == 2);

    /// <summary>What is for those alone who see a log as a whole.</summary>
    private async Task CheckWholeAsync(int log)
    {
        foreach ((string path, string right) in new[] { ($"logs/{names.LogOf(log)}/tile/entries/000.p/{world.Logs[log].Length}", "export"), ($"api/logs/{names.LogOf(log)}/sources", "read") })
        {
            Answer answer = await AskAsync(path);
            if (model.With(key, log, right).Count == 0)
            {
                Refused(answer, log);
            }
            else if (model.SeesAll(key, log, right))
            {
                Assert.Equal(200, answer.Status);
            }
            else
            {
                answer.ShouldBeProblem(403, "forbidden");
            }
        }
    }

    private void Refused(Answer answer, int log)
    {
        if (!model.IsGood(key))
        {
            answer.ShouldBeProblem(401, "unauthenticated");
        }
        else if (model.RightsOf(key, log).Count > 0)
        {
            answer.ShouldBeProblem(403, "forbidden");
        }
        else
        {
            answer.ShouldBeProblem(404, "unknown-log");
        }
    }

    /// <summary>That no value is in a text which the key is not shown; of one entry, those that were asked for.</summary>
    private void CheckNothingGivenAway(string answers, (int Log, int Index)? revealed)
    {
        var shown = new HashSet<string>();
        var hidden = new HashSet<string>();
        for (int log = 0; log < world.Logs.Length; log++)
        {
            for (int index = 0; index < world.Logs[log].Length; index++)
            {
                Happening what = world.Logs[log][index];
                bool isShown = model.ViewOf(key, log, index) == 2 || model.ViewOf(key, log, index, "tail") == 2 || model.ViewOf(key, log, index, "export") == 2 || revealed == (log, index);
                bool isSeen = model.Sees(key, log, index) || model.Sees(key, log, index, "tail") || model.Sees(key, log, index, "export");
                if (what.Person != Happening.Nobody)
                {
                    (isShown ? shown : hidden).UnionWith([names.NameOf(what.Person), names.EmailOf(what.Person), names.FullNameOf(what.Person, log, index).Split(' ')[1]]);
                }

                if (what.HasSecret)
                {
                    (isShown || (isSeen && !Model.IsSecretPersonal(log)) ? shown : hidden).UnionWith([names.SecretOf(what.Person), names.SessionOf(what.Person)]);
                }
            }
        }

        Assert.All(hidden.Except(shown), value => Assert.DoesNotContain(value, answers, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>That an answer about the configuration names no log of another tenant, where the key is of one.</summary>
    private void CheckNoOtherTenant(Answer answer, string? asked = null)
    {
        foreach (string tenant in new[] { names.TenantOf(0), names.TenantOf(World.LogsPerTenant) }.Where(tenant => (names.TenantOfMember(key.Member) ?? tenant) != tenant || (asked ?? tenant) != tenant))
        {
            Assert.DoesNotContain($"\"{tenant}.", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain($"\"{tenant}/", answer.Text, StringComparison.Ordinal);
        }
    }

    private async Task<Answer> AskAsync(string path)
    {
        Answer answer = await server.GetAsync(path, text);
        string said = answer.Text;
        if (answer.Status == 200 && answer.ContentHeaders.ContentType?.MediaType == "application/json" && answer.Json.TryGetProperty("query", out JsonElement query))
        {
            // What was asked comes back as it was understood, whole and clause by clause; it is no answer.
            IEnumerable<JsonElement> asked = ((string[])["query", "explain", "tree", "id"]).Where(name => answer.Json.TryGetProperty(name, out _)).Select(name => answer.Json.GetProperty(name));
            IEnumerable<JsonElement> clauses = answer.Json.TryGetProperty("clauses", out JsonElement found) ? found.EnumerateArray().Select(clause => clause.GetProperty("query")) : [];
            foreach (string text in asked.Concat(clauses).Select(echo => echo.GetRawText().Trim('"')).OrderByDescending(text => text.Length))
            {
                said = said.Replace(text, "", StringComparison.Ordinal);
            }
        }

        _all.AppendLine(said);
        return answer;
    }

    private bool IsOurs(JsonElement item) => Name(item).StartsWith(names.Mark, StringComparison.Ordinal);

    private static string Name(JsonElement item) => item.GetProperty("name").GetString()!;
}
