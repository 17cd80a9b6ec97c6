using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>An answer, read to its end.</summary>
public sealed record Answer(int Status, byte[] Bytes, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonElement.Parse(Bytes);

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Headers, response.Content.Headers);

    /// <summary>Asserts that this is a problem of the given kind, and gives its errors.</summary>
    public IReadOnlyList<JsonElement> ShouldBeProblem(int status, string name)
    {
        Assert.True(Status == status, $"{status} expected, but {Status}: {Text}");
        Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
        Assert.Equal("urn:indelible:" + name, Json.GetProperty("type").GetString());
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        Assert.NotEmpty(Json.GetProperty("detail").GetString()!);
        return Json.TryGetProperty("errors", out JsonElement errors) ? [.. errors.EnumerateArray()] : [];
    }

    /// <summary>Asserts that this is a problem with one error, at the given place.</summary>
    public void ShouldBeProblem(int status, string name, string pointer, int? item = null)
    {
        JsonElement error = Assert.Single(ShouldBeProblem(status, name));
        Assert.Equal(pointer, error.GetProperty("pointer").GetString());
        Assert.Equal(item, error.TryGetProperty("item", out JsonElement found) ? found.GetInt32() : null);
        Assert.NotEmpty(error.GetProperty("detail").GetString()!);
    }
}
