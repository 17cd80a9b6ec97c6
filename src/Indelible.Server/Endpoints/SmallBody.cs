using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Indelible.Engine.Configuration;
using Indelible.Server.Ingestion;
using Indelible.Server.Limits;
using Indelible.Server.Problems;

namespace Indelible.Server.Endpoints;

/// <summary>Reads the small JSON bodies of configuration.</summary>
internal static class SmallBody
{
    /// <summary>The body of a request.</summary>
    /// <exception cref="ProblemException">400 or 415: it is no JSON, or not of this form; 413.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new ProblemException(Problem.Unsupported("Content-Type is application/json."));
        }

        try
        {
            ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, context.RequestServices.GetRequiredService<NodeResources>().BodyOf(context, LogName.System), context.RequestAborted);
            return JsonSerializer.Deserialize(body.Span, type)
                ?? throw new ProblemException(Problem.InvalidBody("The body is null where an object is wanted."));
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.InvalidBody($"{e.Path ?? "The body"}: {e.Message}"));
        }
    }

    /// <summary>A refused change as a problem that names the member.</summary>
    public static ProblemException Invalid(ArgumentException e) => new(Problem.InvalidParameter("/" + (e.ParamName ?? ""), MessageOf(e)));

    /// <summary>What an argument's fault says, without the argument's name.</summary>
    public static string MessageOf(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0];
}
