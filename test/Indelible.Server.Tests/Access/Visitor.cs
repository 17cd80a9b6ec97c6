using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Tries a door of <see cref="DoorTable"/>, and says by which letter it answered.</summary>
internal sealed class Visitor(Cast cast)
{
    private const string Grpc = "application/grpc";

    /// <summary>Asks at a door.</summary>
    /// <param name="door">The door.</param>
    /// <param name="key">The credential to show; null for none.</param>
    /// <param name="log">What stands for <c>LOG</c>.</param>
    /// <returns>The letter, and the answer; the body is not read where it never ends.</returns>
    public async Task<(char Letter, Answer Answer)> TryAsync(Door door, string? key, string log = Cast.Log)
    {
        using var request = new HttpRequestMessage(new HttpMethod(door.Method == "*" ? "GET" : door.Method), await FillAsync(door.Path, log));
        request.Headers.TryAddWithoutValidation("Authorization", key is null ? null : "Bearer " + key);
        request.Headers.Add("indelible-log", log);
        if (door.Route.Contains("LogsService", StringComparison.Ordinal))
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            request.Content = TestServer.Body(new byte[5], Grpc);
        }
        else if (door.Body.Length > 0)
        {
            request.Content = TestServer.Body(Encoding.UTF8.GetBytes(await FillAsync(door.Body, log)));
        }

        using HttpResponseMessage response = await cast.Server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Answer answer = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? new Answer((int)response.StatusCode, [], response.Headers, response.Content.Headers)
            : await Answer.ReadAsync(response);
        char letter = LetterOf(answer, response.TrailingHeaders);
        Assert.True(letter != '?', $"{door.Method} {request.RequestUri}: {answer.Status} {answer.Text}");
        return (letter, answer);
    }

    private async Task<string> FillAsync(string text, string log)
    {
        foreach ((string word, Func<Task<string>> make) in new (string, Func<Task<string>>)[]
        {
            ("KEY", cast.NewKeyAsync),
            ("GRANT", cast.NewGrantAsync),
            ("PRINCIPAL", cast.NewPrincipalAsync),
            ("SOURCE", cast.NewSourceAsync),
            ("EVENT", () => Task.FromResult(TestLog.Event(cast.Fresh()))),
            ("NEW", () => Task.FromResult(cast.Fresh())),
        })
        {
            if (text.Contains(word, StringComparison.Ordinal))
            {
                text = text.Replace(word, await make(), StringComparison.Ordinal);
            }
        }

        return text.Replace("LOG", log, StringComparison.Ordinal);
    }

    private static char LetterOf(Answer answer, HttpResponseHeaders trailers)
    {
        if (answer.ContentHeaders.ContentType?.MediaType == Grpc)
        {
            string? status = (answer.Headers.TryGetValues("grpc-status", out IEnumerable<string>? found) || trailers.TryGetValues("grpc-status", out found)) ? found.Single() : null;
            return status switch { "0" => 'Y', "16" => 'U', "7" => 'F', "5" => 'N', _ => '?' };
        }

        string problem = answer.ContentHeaders.ContentType?.MediaType == "application/problem+json" && answer.Status < 500 ? answer.Json.GetProperty("type").GetString()!["urn:indelible:".Length..] : "";
        return (answer.Status, problem) switch
        {
            ( >= 200 and < 300, "") => 'Y',
            (401, "unauthenticated" or "") => 'U',
            (403, "forbidden" or "") => 'F',
            (404, "unknown-log" or "") => 'N',
            (404, "not-found") => 'M',
            (400, "invalid-parameter") => 'B',
            (409, "conflict") => 'C',
            _ => '?',
        };
    }
}
