using System.Globalization;
using System.Text.Json;
using Indelible.Cli.Demo;
using Indelible.Server.Tests.Import;
using Xunit;
using static Indelible.Server.Tests.Import.ClaimRules;

namespace Indelible.Server.Tests.Demo;

public sealed class DemoCompanyTests
{
    private const string Dormant = "u-1041";

    private static readonly ReadOnlyMemory<byte>[] Bytes =
        [.. new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, DemoCompany.DefaultEventCount).Claims()];

    private static readonly JsonElement[] Events = [.. Bytes.Select(claim => JsonDocument.Parse(claim).RootElement)];

    [Fact]
    public void The_same_seed_and_end_give_the_same_bytes()
    {
        ReadOnlyMemory<byte>[] again = [.. new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, DemoCompany.DefaultEventCount).Claims()];
        Assert.Equal(Bytes.Length, again.Length);
        Assert.All(Enumerable.Range(0, again.Length), i => Assert.True(Bytes[i].Span.SequenceEqual(again[i].Span)));
    }

    [Fact]
    public void Another_seed_tells_the_same_story_with_other_ids()
    {
        JsonElement[] other = [.. new DemoCompany(5, DemoCompany.DefaultEnd, 5000).Claims().Select(Check)];
        Assert.Empty(other.Select(e => Text(e, "id")).Intersect(Events.Select(e => Text(e, "id"))));
        Assert.Equal(12, other.Count(e => Text(e, "actor.id") == Dormant && Text(e, "action") == "patient_record.export"));
    }

    [Fact]
    public void Every_event_fits_the_schema() => Assert.All(Bytes, claim => Check(claim));

    [Fact]
    public void Events_are_sorted_by_time_within_thirty_days_with_ids_of_their_own()
    {
        string[] times = [.. Events.Select(e => Text(e, "time")!)];
        Assert.Equal(times.Order(StringComparer.Ordinal), times);
        Assert.InRange(times[0], "2026-10-02T00:00:00.000Z", "2026-10-02T12:00:00.000Z");
        Assert.InRange(times[^1], "2026-10-31T12:00:00.000Z", "2026-10-31T23:59:59.999Z");
        Assert.Equal(Events.Length, Events.DistinctBy(e => Text(e, "id")).Count());
        Assert.All(Events, e =>
        {
            string id = Text(e, "id")!;
            Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id);
            long ms = long.Parse(id.Replace("-", "", StringComparison.Ordinal)[..12], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Assert.Equal(DateTimeOffset.Parse(Text(e, "time")!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), ms);
        });
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(20_000)]
    [InlineData(60_000)]
    public void Makes_about_as_many_events_as_asked_for(int count)
    {
        int made = new DemoCompany(1, DemoCompany.DefaultEnd, count).Claims().Count();
        Assert.InRange(made, count * 0.95, count * 1.05);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void A_small_story_is_the_incident_alone(int count) =>
        Assert.InRange(new DemoCompany(1, DemoCompany.DefaultEnd, count).Claims().Count(), 1_000, 1_200);

    [Fact]
    public void Any_end_will_do()
    {
        var end = new DateTimeOffset(2027, 3, 3, 14, 30, 0, TimeSpan.FromHours(2));
        JsonElement[] events = [.. new DemoCompany(1, end, 4000).Claims().Select(Check)];
        Assert.All(events, e => Assert.InRange(
            DateTimeOffset.Parse(Text(e, "time")!, CultureInfo.InvariantCulture), end.AddDays(-30), end));
        Assert.Equal(12, events.Count(e => Text(e, "actor.id") == Dormant && Text(e, "action") == "patient_record.export"));
    }

    [Fact]
    public void Every_producer_counts_without_gaps_and_starts_anew_after_a_stop()
    {
        var next = new Dictionary<string, long>();
        var ended = new HashSet<string>();
        foreach (JsonElement e in Events)
        {
            string stream = Text(e, "producer.stream_id")!;
            Assert.DoesNotContain(stream, ended);
            long expected = next.GetValueOrDefault(stream, 1);
            Assert.Equal(expected, Member(e, "producer.seq")!.Value.GetInt64());
            next[stream] = expected + 1;
            if (Member(e, "producer.end") is not null)
            {
                ended.Add(stream);
            }
        }

        Assert.Equal(5 * 5, next.Count);
        Assert.Equal(5 * 4, ended.Count);
    }

    [Fact]
    public void What_was_caused_names_an_earlier_event_and_shares_its_trace_or_session()
    {
        Dictionary<string, JsonElement> byId = Events.ToDictionary(e => Text(e, "id")!);
        JsonElement[] caused = [.. Events.Where(e => Text(e, "trace.causation_id") is not null)];
        Assert.True(caused.Length > 200);
        Assert.All(caused, e =>
        {
            JsonElement cause = byId[Text(e, "trace.causation_id")!];
            Assert.True(string.CompareOrdinal(Text(cause, "time"), Text(e, "time")) < 0);
            Assert.Equal(Text(cause, "auth.session_id"), Text(e, "auth.session_id"));
        });
        Assert.Contains(Events, e => Text(e, "actor.type") == "ai_agent" && Member(e, "actor.on_behalf_of") is not null);
    }

    [Fact]
    public void Nobody_works_in_a_session_that_did_not_begin()
    {
        HashSet<string?> begun =
            [.. Events.Where(e => Text(e, "action") == "session.sign_in" && Text(e, "outcome") == "success").Select(e => Text(e, "auth.session_id"))];
        Assert.All(Events.Where(e => Text(e, "auth.session_id") is not null), e => Assert.Contains(Text(e, "auth.session_id"), begun));
    }

    [Fact]
    public void The_incident_can_be_followed_from_step_to_step()
    {
        JsonElement[] refused = Night("session.sign_in", "failure", "198.51.100.");
        Assert.Equal(415, refused.Length);
        Assert.Equal(3, refused.Count(e => Text(e, "actor.id") == Dormant));

        JsonElement signIn = Assert.Single(Of("session.sign_in"), e => Text(e, "outcome") == "success");
        Assert.Equal("203.0.113.66", Text(signIn, "source.ip"));
        Assert.False(Member(signIn, "auth.mfa")!.Value.GetBoolean());
        Assert.Single(Events, e => Text(e, "source.ip") == "203.0.113.66" && Text(e, "action") == "session.sign_in");
        Assert.DoesNotContain(Events, e => Text(e, "actor.id") == Dormant && string.CompareOrdinal(Text(e, "time"), "2026-10-28T23:00:00") < 0);

        JsonElement key = Assert.Single(Of("api_key.create"));
        Assert.Equal(Text(signIn, "id"), Text(key, "trace.causation_id"));
        Assert.Equal(Text(signIn, "auth.session_id"), Text(key, "auth.session_id"));
        string keyId = Text(key.GetProperty("targets")[0], "id")!;
        Assert.Equal("records-export", Text(Assert.Single(Of("role.grant")).GetProperty("changes")[0], "new"));

        Assert.Equal(640, Of("patient_record.read").Length);
        Assert.Equal(2400, Of("patient_record.export").Sum(e => e.GetProperty("targets")[0].GetProperty("count").GetInt32()));
        Assert.All([.. Of("patient_record.read"), .. Of("patient_record.export")], e => Assert.Equal(keyId, Text(e, "auth.credential_id")));

        Assert.Equal(3, Of("audit.level.change").Length);
        Assert.All(Of("audit.level.change"), e => Assert.Equal(("failure", "deny"), (Text(e, "outcome"), Text(e, "decision.effect"))));
        Assert.Equal(12, Of("patient_export.delete").Length);
        Assert.Single(Of("role.revoke"));
        Assert.Equal(keyId, Text(Assert.Single(Of("api_key.revoke")).GetProperty("targets")[0], "id"));

        JsonElement note = Assert.Single(Events, e => Text(e, "action") == "incident.open");
        Assert.Equal(Text(signIn, "id"), Text(note, "relates_to"));
    }

    [Fact]
    public void The_page_tells_what_the_default_story_holds()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryFolder.Find()!, "docs", "demo.md"));
        string[] steps = ["session.sign_in", "api_key.create", "role.grant", "audit.level.change", "role.revoke", "api_key.revoke", "session.sign_out"];
        JsonElement signIn = Of("session.sign_in").Last();
        string[] facts =
        [
            $"{Events.Length} events",
            $"{Night("session.sign_in", "failure", "198.51.100.").Length} refused sign-ins",
            $"{Night("session.sign_in", "failure", "198.51.100.").DistinctBy(e => Text(e, "source.ip")).Count()} addresses",
            $"{Of("patient_record.read").Length} records one by one",
            $"{Of("patient_record.export").Length} exports of 200 records",
            $"{Of("audit.level.change").Length} attempts",
            $"{Events.Count(e => Text(e, "action") == "patient_record.export" && Text(e, "actor.id") == "svc-reports")} Monday exports",
            $"{Events.Count(e => Member(e, "reason.break_glass") is not null)} times the glass was broken",
            $"`{Text(signIn, "auth.session_id")}`",
            $"`{Text(Of("api_key.create")[0].GetProperty("targets")[0], "id")}`",
            .. steps.Select(action => $"{Text(Of(action)[^1], "time")![11..19]} `{action}`"),
        ];
        string[] missing = [.. facts.Where(fact => !page.Contains(fact, StringComparison.Ordinal))];
        Assert.True(missing.Length == 0, $"The page does not say:\n{string.Join('\n', missing)}");
    }

    private static JsonElement[] Of(string action) =>
        [.. Events.Where(e => Text(e, "actor.id") == Dormant && Text(e, "action") == action)];

    private static JsonElement[] Night(string action, string outcome, string network) =>
        [.. Events.Where(e => Text(e, "action") == action && Text(e, "outcome") == outcome
            && Text(e, "source.ip")?.StartsWith(network, StringComparison.Ordinal) == true)];
}
