using System.Text.Json;
using Indelible.Events;
using Indelible.Events.Producing;
using Xunit;

namespace Indelible.Tests.Events;

public class AuditEventTests
{
    private static readonly DateTimeOffset s_time = new(2026, 11, 23, 8, 14, 25, 123, TimeSpan.FromHours(2));

    [Fact]
    public void Every_member_of_the_schema_can_be_set()
    {
        JsonElement json = JsonDocument.Parse("""{"k":[1,{"x":null}],"original":{"eventVersion":"1.08","z":[[]],"a":"b"},"o":{"$redacted":"secret"},"n":1.5}""").RootElement;
        var audit = new AuditEvent
        {
            Schema = "audit/1#patient_record.read@3",
            Id = "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10",
            Time = s_time.AddTicks(4567),
            ObservedTime = s_time.AddMilliseconds(77),
            Kind = EventKind.Correction,
            RelatesTo = "e-0",
            Action = "patient_record.read",
            Category = Category.DataAccess,
            Operation = Operation.Read,
            Outcome = Outcome.Success,
            OutcomeCode = "200",
            OutcomeReason = "OK",
            Decision = new Decision { Effect = DecisionEffect.Allow, Policy = "CareTeamOnly", Rule = "same-ward", Version = "42", Reason = "same ward" },
            Actor = new Actor
            {
                Id = "u-8472",
                Type = ActorType.AiAgent,
                Name = "Zoë \"Z\" Müller",
                Email = "zoe@example.org",
                Roles = ["nurse"],
                Groups = ["ward 3"],
                Privileged = false,
                Issuer = "https://idp.example",
                OnBehalfOf = [new OnBehalfOf { Id = "u-1", Type = ActorType.User, Name = "Ann" }, new OnBehalfOf { Id = "u-2", Name = "Bob" }],
                Agent = new Agent { Name = "helper", Model = "m-1", Version = "1", RunId = "r-1" },
            },
            Authentication = new Authentication { Method = "oidc", Mfa = true, CredentialId = "c-1", SessionId = "s-77" },
            Targets =
            [
                new Target
                {
                    Type = "patient_record", Id = "p-1001", Name = "n", Parent = "x", Owner = "y", Classification = Classification.Phi,
                    Fields = ["medication"], Count = 1, Href = "https://ehr.example/p/1001",
                },
            ],
            DataSubjects = ["subj-5f0c"],
            Source = new Source
            {
                Ip = "192.0.2.7",
                ForwardedFor = ["10.0.0.1", "2001:db8::1"],
                Port = 443,
                Hostname = "h",
                DeviceId = "d",
                UserAgent = "Edge/140",
            },
            Service = new Service { Name = "ehr-web", Version = "3.2.1", InstanceId = "i", Environment = "prod", Host = "h1" },
            Request = new Request
            {
                Id = "q",
                Protocol = "http/2",
                Method = "GET",
                Route = "/patients/{id}",
                Path = "/patients/1001",
                Status = 200,
                DurationMs = 12,
                BytesIn = 0,
                BytesOut = 5120,
            },
            Trace = new Trace { TraceId = "4bf92f3577b34da6a3ce929d0e0e4736", SpanId = "00f067aa0ba902b7", CorrelationId = "c", CausationId = "d" },
            Changes = [new Change { Path = "/a~1b", Operation = ChangeOperation.Replace, Old = json.GetProperty("o"), New = json.GetProperty("n") }],
            Reason = new Reason { Text = "t", Ticket = "T-1", BreakGlass = false },
            Message = "m",
            Labels = new Dictionary<string, string> { ["ward"] = "3" },
            Data = JsonDocument.Parse("""{"k":[1,{"x":null}],"original":{"eventVersion":"1.08","z":[[]],"a":"b"}}""").RootElement,
            Truncated = [new Truncation { Path = "/message", OriginalBytes = 4096 }],
            Producer = new Producer { StreamId = "1b0e6f7c-0000-4000-8000-000000000000", Sequence = 18234, End = false },
        };

        string expected = Samples.Full.Replace("25.2Z", "25.2000000Z", StringComparison.Ordinal);
        Assert.Equal(Samples.Claim(expected).CanonicalBytes.ToArray(), Claim.Parse(audit.ToJson()).CanonicalBytes.ToArray());
    }

    [Fact]
    public void Every_word_of_every_list_is_one_that_the_schema_knows()
    {
        foreach (EventKind kind in Enum.GetValues<EventKind>())
        {
            Claim.Parse((Minimal() with { Kind = kind, RelatesTo = "e-0" }).ToJson());
        }

        foreach (Category category in Enum.GetValues<Category>())
        {
            Claim.Parse((Minimal() with { Category = category }).ToJson());
        }

        foreach (Operation operation in Enum.GetValues<Operation>())
        {
            Claim.Parse((Minimal() with { Operation = operation }).ToJson());
        }

        foreach (Outcome outcome in Enum.GetValues<Outcome>())
        {
            Claim.Parse((Minimal() with { Outcome = outcome }).ToJson());
        }

        foreach (DecisionEffect effect in Enum.GetValues<DecisionEffect>())
        {
            Claim.Parse((Minimal() with { Decision = new Decision { Effect = effect } }).ToJson());
        }

        foreach (ActorType type in Enum.GetValues<ActorType>())
        {
            Claim.Parse((Minimal() with { Actor = new Actor { Id = "a", Type = type, Agent = new Agent { Name = "x" } } }).ToJson());
        }

        foreach (Classification classification in Enum.GetValues<Classification>())
        {
            Claim.Parse((Minimal() with { Targets = [new Target { Type = "t", Id = "1", Classification = classification }] }).ToJson());
        }

        foreach (ChangeOperation operation in Enum.GetValues<ChangeOperation>())
        {
            Claim.Parse((Minimal() with { Changes = [new Change { Path = "", Operation = operation }] }).ToJson());
        }
    }

    [Fact]
    public void A_signature_says_how_it_was_made()
    {
        AuditEvent signed = Minimal() with
        {
            Producer = new Producer { Signature = new ProducerSignature { Algorithm = "EdDSA", KeyId = "k", Value = "v" } },
        };

        Assert.True(Claim.Parse(signed.ToJson()).IsSigned);
    }

    [Fact]
    public void A_stream_says_where_the_one_before_ended_and_how_far_it_has_come()
    {
        AuditEvent first = Minimal() with
        {
            Producer = new Producer { StreamId = "s-2", Sequence = 1, PreviousStream = "s-1", PreviousSequence = 40, Highest = 3 },
        };

        ProducerFacts facts = ProducerFacts.Of(Claim.Parse(first.ToJson()));

        Assert.Equal(("s-2", 1L, "s-1", 40L, 3L, false), (facts.StreamId, facts.Sequence, facts.PreviousStream, facts.PreviousSequence, facts.Highest, facts.IsEnd));
        Assert.Equal(facts.TimeTicks, facts.ObservedTicks);
    }

    [Theory]
    [InlineData("""{"seq":0}""")]
    [InlineData("""{"seq":9007199254740992}""")]
    [InlineData("""{"highest":-1}""")]
    [InlineData("""{"previous_seq":1.5}""")]
    [InlineData("""{"previous_stream":""}""")]
    [InlineData("""{"previous_stream":"a b"}""")]
    [InlineData("""{"next_stream":"a"}""")]
    public void Numbers_and_streams_that_cannot_be_are_refused(string producer)
    {
        string json = System.Text.Encoding.UTF8.GetString(Minimal().ToJson());
        Assert.False(Claim.TryParse(System.Text.Encoding.UTF8.GetBytes(json[..^1] + ",\"producer\":" + producer + "}"), out _, out _));
    }

    [Fact]
    public void Texts_of_producers_that_look_alike_are_told_apart()
    {
        // The second holds a backslash and an n, the first a line feed; as JSON each looks like the other decoded.
        string[] services = ["a\nb", "a\\nb", "a\nb", "", "é", "a\nb"];
        foreach (string service in services.Where(name => name.Length > 0))
        {
            AuditEvent one = Minimal() with { Service = new Service { Name = service, InstanceId = service } };
            Assert.Equal((service, service), (ProducerFacts.Of(Claim.Parse(one.ToJson())).Service, ProducerFacts.Of(Claim.Parse(one.ToJson())).Instance));
        }
    }

    private static AuditEvent Minimal() => new()
    {
        Id = "e-1",
        Time = s_time,
        Action = "invoice.read",
        Outcome = Outcome.Success,
        Actor = new Actor { Id = "u-1", Type = ActorType.User },
        Service = new Service { Name = "billing" },
    };
}
