using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Indelible.Client;

/// <summary>A server's refusal, in its own words.</summary>
/// <param name="status">The HTTP status, or 0 where the server could not be reached.</param>
/// <param name="type">The problem's type, such as <c>urn:indelible:invalid-event</c>; empty where there was none.</param>
/// <param name="message">What to tell the user: the detail, and each place that is wrong.</param>
public sealed class ApiException(int status, string type, string message) : Exception(message)
{
    /// <summary>The HTTP status, or 0 where the server could not be reached.</summary>
    public int Status { get; } = status;

    /// <summary>The problem's type; empty where there was none.</summary>
    public string Type { get; } = type;
}

/// <summary>Talks to a server's API. What it returns is what the server says, <b>not verified</b>. Thread-safe.</summary>
/// <remarks>It is not sent elsewhere: a redirection is a refusal, so that no key and no event goes to a server that the caller did not name.</remarks>
public sealed class ApiClient : IDisposable
{
    private static readonly MediaTypeHeaderValue s_json = new("application/json");
    private static readonly MediaTypeHeaderValue s_lines = new("application/x-ndjson");

    // How a server's stream says where it begins; and how long it may say nothing, though it has nothing to say: four of its signs of life.
    private const string TailBegins = ": the stream begins at index ";
    private static readonly TimeSpan s_tailSilence = TimeSpan.FromSeconds(60);
    private readonly HttpClient _http;

    /// <summary>A client of one server.</summary>
    /// <param name="url">As in <c>http://127.0.0.1:7480</c>.</param>
    /// <param name="key">The key to show, or null.</param>
    public ApiClient(Uri url, string? key)
    {
        ArgumentNullException.ThrowIfNull(url);
        // No redirects: events, and what a key may see, are for the server that was named.
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(url.ToString().TrimEnd('/') + "/"),
            Timeout = TimeSpan.FromMinutes(5),
        };
        _http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>The server's URL, with a slash at its end.</summary>
    public Uri Url => _http.BaseAddress!;

    /// <summary>Appends events.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="lines">An event a line.</param>
    /// <param name="query">The query string, without its question mark; may be empty.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The server's answer.</returns>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public Task<JsonDocument> AppendAsync(string log, ReadOnlyMemory<byte> lines, string query, CancellationToken cancellationToken)
    {
        string separator = query.Length == 0 ? "" : "?";
        return SendAsync(HttpMethod.Post, $"api/logs/{Uri.EscapeDataString(log)}/events{separator}{query}", new ReadOnlyMemoryContent(lines) { Headers = { ContentType = s_lines } }, cancellationToken);
    }

    /// <summary>Gets JSON.</summary>
    /// <param name="path">Below the server's URL.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <summary>Posts a small JSON body.</summary>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public Task<JsonDocument> PostAsync(string path, byte[] json, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, new ByteArrayContent(json) { Headers = { ContentType = s_json } }, cancellationToken);

    /// <summary>Posts nothing, and takes no answer but that it was done.</summary>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendRawAsync(HttpMethod.Post, path, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts a small JSON body.</summary>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public Task<JsonDocument> PutAsync(string path, byte[] json, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, new ByteArrayContent(json) { Headers = { ContentType = s_json } }, cancellationToken);

    /// <summary>Deletes.</summary>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendRawAsync(HttpMethod.Delete, path, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the exact bytes of an answer.</summary>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendRawAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets an answer of any length.</summary>
    /// <param name="path">Below the server's URL.</param>
    /// <param name="cancellationToken">Ends the waiting for its beginning.</param>
    /// <exception cref="ApiException">The server refused, or was not reached.</exception>
    public async Task<ApiDownload> DownloadAsync(string path, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendRawAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        return new ApiDownload(response, await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Follows a log, every entry, however slowly they are taken. Ends when the server ends the stream, with an <c>end</c> where it says why.</summary>
    /// <param name="log">The log's name.</param>
    /// <param name="query">The query; empty for everything.</param>
    /// <param name="after">The index to begin behind, or null for what comes next.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="ApiException">The server refused, was not reached, or is heard no more.</exception>
    public async IAsyncEnumerable<TailEvent> TailAsync(string log, string query, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string path = $"api/logs/{Uri.EscapeDataString(log)}/tail?complete=true&q={Uri.EscapeDataString(query)}{(after is null ? "" : "&after=" + after)}";
        using HttpResponseMessage response = await SendRawAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Encoding.UTF8);
        var (name, id, data) = ("", (long?)null, "");
        while (await ReadTailLineAsync(reader, cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0 && (name.Length > 0 || data.Length > 0 || id is not null))
            {
                yield return new TailEvent(name, id, data);
                (name, id, data) = ("", null, "");
            }
            else if (line.StartsWith(TailBegins, StringComparison.Ordinal) && long.TryParse(line.AsSpan(TailBegins.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long first))
            {
                yield return new TailEvent("begins", first, "");
            }
            else if (ValueOf(line, "event: ") is { } word)
            {
                name = word;
            }
            else if (ValueOf(line, "data: ") is { } text)
            {
                data = text;
            }
            else if (ValueOf(line, "id: ") is { } number && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long index))
            {
                id = index;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string? ValueOf(string line, string name) => line.StartsWith(name, StringComparison.Ordinal) ? line[name.Length..] : null;

    private async Task<string?> ReadTailLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        // The reading itself is cancelled, not only the waiting for it: a stream that is left with a read under way does not end the connection.
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(s_tailSilence);
        try
        {
            return await reader.ReadLineAsync(silence.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(0, "", $"{Url} is heard no more: nothing came for {s_tailSilence.TotalSeconds:0} s");
        }
        catch (IOException e)
        {
            throw new ApiException(0, "", $"{Url} is heard no more: {e.Message}");
        }
    }

    private async Task<JsonDocument> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendRawAsync(method, path, content, cancellationToken).ConfigureAwait(false);
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonDocument.ParseAsync(body, default, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> SendRawAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            string body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            response.Dispose();
            throw RefusalOf(response.StatusCode, body);
        }
        catch (HttpRequestException e)
        {
            throw new ApiException(0, "", $"{Url} does not answer: {e.Message}. Is the server running ('indelible serve')?");
        }
    }

    private static ApiException RefusalOf(HttpStatusCode status, string body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            var message = new StringBuilder(problem.RootElement.GetProperty("detail").GetString());
            if (problem.RootElement.TryGetProperty("errors", out JsonElement errors))
            {
                foreach (JsonElement error in errors.EnumerateArray())
                {
                    string item = error.TryGetProperty("item", out JsonElement index) ? $"event {index}, " : "";
                    string place = error.TryGetProperty("line", out JsonElement line) && error.TryGetProperty("column", out JsonElement column) ? $":{line}:{column}" : "";
                    message.Append(CultureInfo.InvariantCulture, $"\n  {item}{error.GetProperty("pointer")}{place}: {error.GetProperty("detail")}");
                }
            }

            return new ApiException((int)status, problem.RootElement.GetProperty("type").GetString()!, message.ToString());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new ApiException((int)status, "", $"The server answers {(int)status} {status}.");
        }
    }
}
