using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Indelible.Benchmarks;
using Indelible.Events;

namespace Indelible.SearchBench;

/// <summary>The whole product: a server as a child process, which is sent the events and asked over HTTP, on one connection. Every search is entered in its log of accesses.</summary>
internal sealed class HttpEngine : ISearchEngine
{
    private const int BatchEvents = 1_000;
    private readonly ServerProcess _server;
    private readonly HttpClient _client;
    private readonly string _folder;
    private readonly AuthenticationHeaderValue _writer;
    private readonly AuthenticationHeaderValue _reader;

    private HttpEngine(ServerProcess server, string folder, string writerKey, string readerKey)
    {
        _server = server;
        _folder = folder;
        _client = new HttpClient { BaseAddress = server.Url, Timeout = TimeSpan.FromMinutes(10) };
        _writer = new AuthenticationHeaderValue("Bearer", writerKey);
        _reader = new AuthenticationHeaderValue("Bearer", readerKey);
    }

    /// <inheritdoc/>
    public string Name => $"{IndelibleEngine.Title} over HTTP";

    /// <inheritdoc/>
    public IReadOnlyList<Detail> Details { get; } = [Detail.Read];

    /// <summary>Starts a server on a new folder.</summary>
    public static async Task<HttpEngine> StartAsync(string command, string folder, CancellationToken cancellationToken)
    {
        ServerProcess server = await ServerProcess.StartAsync(command, folder, ["main"], cancellationToken);
        return new HttpEngine(server, folder, await server.NewWriterAsync("main", cancellationToken), await server.NewReaderAsync("main", cancellationToken));
    }

    /// <inheritdoc/>
    public async Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte>[] batch in chunk.Clear.Chunk(BatchEvents))
        {
            var body = new ArrayBufferWriter<byte>(1 << 20);
            foreach (ReadOnlyMemory<byte> entry in batch)
            {
                body.Write(Entry.ClaimOf(entry.Span));
                body.Write("\n"u8);
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, "api/logs/main/events") { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            request.Headers.Authorization = _writer;
            using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException(await response.Content.ReadAsStringAsync(cancellationToken));
            }
        }
    }

    /// <inheritdoc/>
    public Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken) => Task.FromResult((
        Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length),
        "batches of 1,000 on one connection, each durable, sealed personal values and receipts included; on disk everything that the server keeps, the journal's empty files too"));

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task CloseAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void Begin(Detail detail, bool isTimed)
    {
        // The server keeps what it keeps.
    }

    /// <inheritdoc/>
    public async Task<Answer> AskAsync(Question question, Detail detail, CancellationToken cancellationToken)
    {
        string times = question.To == 0 ? "" : $"&from={InstantOf(question.From)}&to={InstantOf(question.To)}";
        string first = $"api/logs/main/events?limit={Question.PageRows}&q={Uri.EscapeDataString(question.Text)}{times}";
        var rows = new List<long>();
        long bytes = 0;
        string? cursor = null;
        JsonElement total;
        do
        {
            byte[] body = await GetAsync(cursor is null ? first : $"{first}&cursor={cursor}", cancellationToken);
            using JsonDocument json = JsonDocument.Parse(body);
            rows.AddRange(json.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt64()));
            total = json.RootElement.GetProperty("total").Clone();
            cursor = json.RootElement.GetProperty("next").GetString();
            bytes += body.Length;
        }
        while (cursor is not null && rows.Count < Question.PageRows);
        return new Answer(rows, total.GetProperty("value").GetInt64(), bytes, total.GetProperty("exact").GetBoolean());
    }

    /// <inheritdoc/>
    public async Task<CountAnswer> CountAsync(CountQuestion question, CancellationToken cancellationToken)
    {
        string asked = question.Kind switch
        {
            CountKind.ByHour => "interval=1h",
            CountKind.ByAction => "by=action",
            CountKind.TopActorsOfAction => $"by=actor&q=action:{question.Action}",
            CountKind.TopTargets => "by=target",
            _ => throw new InvalidOperationException($"No request for {question.Kind}."),
        };
        using JsonDocument json = JsonDocument.Parse(await GetAsync($"api/logs/main/counts?top={CountQuestion.Top}&{asked}", cancellationToken));
        bool exact = json.RootElement.GetProperty("total").GetProperty("exact").GetBoolean();
        return question.Kind == CountKind.ByHour
            ? new CountAnswer([.. json.RootElement.GetProperty("histogram").EnumerateArray().Select(hour => (HourOf(hour.GetProperty("from").GetString()!), hour.GetProperty("count").GetInt64()))], exact)
            : new CountAnswer([.. json.RootElement.GetProperty("values").EnumerateArray().Select(value => (value.GetProperty("value").GetString()!, value.GetProperty("count").GetInt64()))], exact);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static string InstantOf(long milliseconds) => Instant.Format(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));

    private static string HourOf(string instant) => Instant.Parse(instant).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private async Task<byte[]> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = _reader;
        using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode ? body : throw new InvalidOperationException($"{path}: {System.Text.Encoding.UTF8.GetString(body)}");
    }
}
