using System.Text;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Engine.Tests.Sources;

/// <summary>Events as a numbering producer writes them.</summary>
internal sealed record Producing(
    string? Stream,
    long? Seq = null,
    bool End = false,
    string? Previous = null,
    long? PreviousSeq = null,
    long? Highest = null,
    string Service = "ehr",
    string? Instance = "ehr-1",
    string Time = "2026-11-23T06:14:25Z",
    string? Observed = null)
{
    public Claim ToClaim(string id)
    {
        var service = new JsonObject { ["name"] = Service };
        if (Instance is not null)
        {
            service["instance_id"] = Instance;
        }

        var claim = new JsonObject
        {
            ["schema"] = "audit/1",
            ["id"] = id,
            ["time"] = Time,
            ["action"] = "test.run",
            ["outcome"] = "success",
            ["actor"] = new JsonObject { ["id"] = "u-1", ["type"] = "user" },
            ["service"] = service,
        };
        if (Observed is not null)
        {
            claim["observed_time"] = Observed;
        }

        var producer = new JsonObject();
        Put(producer, "stream_id", Stream);
        Put(producer, "seq", Seq);
        Put(producer, "end", End ? (bool?)true : null);
        Put(producer, "previous_stream", Previous);
        Put(producer, "previous_seq", PreviousSeq);
        Put(producer, "highest", Highest);
        if (producer.Count > 0)
        {
            claim["producer"] = producer;
        }

        return Claim.Parse(Encoding.UTF8.GetBytes(claim.ToJsonString()));
    }

    public ProducerFacts ToFacts() => ProducerFacts.Of(ToClaim("e"));

    private static void Put(JsonObject into, string name, JsonNode? value)
    {
        if (value is not null)
        {
            into[name] = value;
        }
    }
}
