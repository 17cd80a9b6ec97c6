using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;

namespace Indelible.Client.Recording.Sending;

/// <summary>Requests to one log of one server, each with a time limit; believes receipts only under the pinned key and those that handovers lead to from it. Thread-safe.</summary>
internal sealed class LogConnection : IDisposable
{
    private const int MostAnswerBytes = 64 * 1024 * 1024;
    private const int MostProblemBytes = 1024 * 1024;
    private const int MostPath = 64;
    private const int LeastCompressed = 1024;
    private static readonly MediaTypeHeaderValue s_lines = new("application/x-ndjson");
    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_ping = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _append;
    private readonly string _logPath;
    private readonly string _apiPath;
    private readonly string _origin;
    private readonly TimeProvider _time;
    private volatile ReceiptsKeys _receiptsKeys;
    private volatile bool _compress;

    public LogConnection(AuditClientOptions options, string origin, VerifierKey receiptsKey, TimeProvider time)
    {
        string log = Uri.EscapeDataString(options.Log);
        _apiPath = $"api/logs/{log}/";
        _append = _apiPath + "events?partial=true";
        _logPath = $"logs/{log}/";
        _origin = origin;
        _receiptsKeys = ReceiptsKeys.Of(receiptsKey, NoteVerifiers.OfLog);
        _time = time;
        _compress = options.Compress;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.RequestTimeout < s_connect ? options.RequestTimeout : s_connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),

            // A request that is given up leaves an HTTP/2 connection open: if that died in silence, only a ping tells.
            KeepAlivePingDelay = s_ping,
            KeepAlivePingTimeout = s_ping,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseCookies = false,

            // Events of an audit log must not carry themselves into the traces of the application.
            ActivityHeadersPropagator = null,
        })
        {
            BaseAddress = new Uri(options.ServerUrl!.ToString().TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Key);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Indelible.Client", typeof(LogConnection).Assembly.GetName().Version?.ToString(3)));
    }

    /// <summary>Sends events and verifies what the server says of them.</summary>
    /// <param name="events">At least one.</param>
    /// <param name="limit">The longest that it may take.</param>
    /// <param name="onBegin">Called when the first of the events may leave this process; before that, nothing can have been logged.</param>
    /// <param name="cancellationToken">Ends it; what became of the events is unknown then, if they had begun to leave.</param>
    public async Task<SendResult> SendAsync(IReadOnlyList<OutgoingEvent> events, TimeSpan limit, Action? onBegin, CancellationToken cancellationToken)
    {
        bool hasBegun = false;
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // A request that is made by hand does not take the client's defaults.
            using var request = new HttpRequestMessage(HttpMethod.Post, _append)
            {
                Content = BodyOf(events, Begin),
                Version = _http.DefaultRequestVersion,
                VersionPolicy = _http.DefaultVersionPolicy,
            };
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            byte[] body = await ReadAsync(response.Content, response.IsSuccessStatusCode ? MostAnswerBytes : MostProblemBytes, either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? await JudgeAsync(events, body, limit, either.Token).ConfigureAwait(false) : RefusalOf(response, body);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            return new SendResult(SendKind.NotTaken, $"{_http.BaseAddress} is not reached: {e.Message}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new SendResult(hasBegun ? SendKind.Unknown : SendKind.NotTaken, $"{_http.BaseAddress} broke off: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            return new SendResult(hasBegun ? SendKind.Unknown : SendKind.NotTaken, cancellationToken.IsCancellationRequested
                ? "The request was given up."
                : $"{_http.BaseAddress} did not answer within {limit.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)} ms.");
        }

        void Begin()
        {
            hasBegun = true;
            onBegin?.Invoke();
        }
    }

    /// <summary>The served checkpoint, not verified; null with a reason where it was not given.</summary>
    public Task<(byte[]? Body, string Detail)> GetCheckpointAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        GetAsync(_logPath + "checkpoint", SignedNote.MaxBytes, limit, cancellationToken);

    /// <summary>The log's handovers from key to key, not verified; none where the server knows no such thing.</summary>
    public Task<(byte[]? Body, string Detail)> GetHandoversAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        GetAsync(_logPath + "handovers", HandoverList.MaxBytes, limit, cancellationToken);

    /// <summary>A hash tile, not verified.</summary>
    public Task<(byte[]? Body, string Detail)> GetTileAsync(string path, TimeSpan limit, CancellationToken cancellationToken) =>
        GetAsync(_logPath + path, 256 * Hash.Size, limit, cancellationToken);

    /// <summary>A consistency proof's answer, not verified.</summary>
    public Task<(byte[]? Body, string Detail)> GetConsistencyAsync(long from, long to, TimeSpan limit, CancellationToken cancellationToken) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"{_apiPath}consistency?from={from}&to={to}"), MostProblemBytes, limit, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<(byte[]? Body, string Detail)> GetAsync(string path, int most, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? (await ReadAsync(response.Content, most, either.Token).ConfigureAwait(false), "")
                : (response.StatusCode == HttpStatusCode.NotFound && path.EndsWith("handovers", StringComparison.Ordinal) ? [] : null, $"{path}: the server answers {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (null, $"{path}: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"{path}: no answer in time.");
        }
    }

    private EventContent BodyOf(IReadOnlyList<OutgoingEvent> events, Action onBegin)
    {
        int bytes = events.Sum(one => one.Json.Length + 1);
        var body = new MemoryStream(bytes);
        if (_compress && bytes >= LeastCompressed)
        {
            using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
            {
                WriteLines(gzip, events);
            }

            return new EventContent(body, onBegin) { Headers = { ContentType = s_lines, ContentEncoding = { "gzip" } } };
        }

        WriteLines(body, events);
        return new EventContent(body, onBegin) { Headers = { ContentType = s_lines } };
    }

    private static void WriteLines(Stream to, IReadOnlyList<OutgoingEvent> events)
    {
        foreach (OutgoingEvent one in events)
        {
            to.Write(one.Json.Span);
            to.WriteByte((byte)'\n');
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, int most, CancellationToken cancellationToken)
    {
        Stream body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using var whole = new MemoryStream();
            byte[] part = new byte[16 * 1024];
            int read;
            while ((read = await body.ReadAsync(part, cancellationToken).ConfigureAwait(false)) > 0)
            {
                whole.Write(part, 0, read);
                if (whole.Length > most)
                {
                    throw new IOException($"the answer has more than {most} bytes");
                }
            }

            return whole.ToArray();
        }
    }

    private SendResult RefusalOf(HttpResponseMessage response, byte[] body)
    {
        int status = (int)response.StatusCode;
        (string type, string detail) = ProblemOf(body);
        string said = $"The server answers {status}{(type.Length == 0 ? "" : " " + type)}{(detail.Length == 0 ? "" : ": " + detail)}";
        if (type == "unsupported-media-type" && _compress)
        {
            _compress = false;   // Somebody between us and the server does not know gzip.
            return new SendResult(SendKind.NotTaken, said);
        }

        SendKind kind = (status, type) switch
        {
            (401 or 403 or 404, _) or (_, "log-frozen") => SendKind.Forbidden,
            (429, _) or (503, "not-written" or "queue-full") or (408, "too-slow") => SendKind.NotTaken,
            ( >= 500 or 408, _) => SendKind.Unknown,
            (413, _) or (400, "invalid-body" or "invalid-event") => SendKind.BodyRefused,

            // Not the words of a log: something in between. Whatever it is, the events wait.
            _ => SendKind.Forbidden,
        };
        return new SendResult(kind, said) { RetryAfter = RetryAfterOf(response) };
    }

    private static (string Type, string Detail) ProblemOf(byte[] body)
    {
        const string Prefix = "urn:indelible:";
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            string type = problem.RootElement.GetProperty("type").GetString() ?? "";
            string detail = problem.RootElement.TryGetProperty("detail", out JsonElement text) ? text.GetString() ?? "" : "";
            return type.StartsWith(Prefix, StringComparison.Ordinal) ? (type[Prefix.Length..], Excerpt(detail)) : ("", "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return ("", "");
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    /// <summary>Judges an answer; where the receipts are signed by another key than those known, by what the server's handovers lead to.</summary>
    private async Task<SendResult> JudgeAsync(IReadOnlyList<OutgoingEvent> events, byte[] body, TimeSpan limit, CancellationToken cancellationToken)
    {
        SendResult judged = Judge(events, body);
        if (judged.Kind != SendKind.Untrusted)
        {
            return judged;
        }

        (byte[]? list, _) = await GetAsync(_logPath + "receipts-handovers", ReceiptsKeys.MaxBytes, limit, cancellationToken).ConfigureAwait(false);
        try
        {
            ReceiptsKeys keys = _receiptsKeys.With(list);
            if (keys.Keys.Count == _receiptsKeys.Keys.Count)
            {
                return judged;
            }

            _receiptsKeys = keys;
            return Judge(events, body);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return judged;
        }
    }

    /// <summary>Reads the answer of an append with <c>partial=true</c> and verifies its receipts.</summary>
    private SendResult Judge(IReadOnlyList<OutgoingEvent> events, byte[] body)
    {
        try
        {
            using JsonDocument answer = JsonDocument.Parse(body);
            JsonElement results = answer.RootElement.GetProperty("results");
            if (results.GetArrayLength() != events.Count)
            {
                return new SendResult(SendKind.Unknown, $"The server answers about {results.GetArrayLength()} events, {events.Count} were sent.");
            }

            string? noteText = answer.RootElement.GetProperty("receipt_note").GetString();
            byte[] note = noteText is null ? [] : Encoding.UTF8.GetBytes(noteText);
            VerifiedReceiptNote? signed = noteText is null ? null : _receiptsKeys.Verify(note);
            var items = new ItemResult[events.Count];
            var receipts = new List<JsonElement>(events.Count);
            for (int i = 0; i < items.Length; i++)
            {
                JsonElement result = results[i];
                if (result.TryGetProperty("receipt", out JsonElement stated))
                {
                    items[i] = new ItemResult(Verify(ReceiptOf(stated, note), signed, events[i].Id), null);
                    receipts.Add(stated);
                }
                else if (IsStreamTaken(result))
                {
                    // It is the key that is wrong, not the event: another principal's than the one that began the stream.
                    return new SendResult(SendKind.Forbidden, $"The server says {ReasonOf(result)}");
                }
                else
                {
                    items[i] = new ItemResult(null, ReasonOf(result));
                }
            }

            return new SendResult(SendKind.Answered, "") { Items = items, ReceiptLine = receipts.Count == 0 ? [] : LineOf(receipts, noteText!) };
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            return new SendResult(SendKind.Untrusted, e.Message) { Evidence = body };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new SendResult(SendKind.Unknown, $"The server's answer is not one to an append: {e.Message}");
        }
    }

    private DurableReceipt Verify(DurableReceipt receipt, VerifiedReceiptNote? signed, string id)
    {
        if (signed is null)
        {
            throw new VerificationException("The answer has receipts, and no note that signs them.");
        }

        if (receipt.Id != id)
        {
            throw new VerificationException($"The receipt in the place of {id} is for {receipt.Id}.");
        }

        // A log that goes on for a finished one answers repeats with that one's receipts.
        if (receipt.Origin != _origin && !IsIncarnationOf(_origin, receipt.Origin))
        {
            throw new VerificationException($"The receipt is of the log {receipt.Origin}, not of {_origin}.");
        }

        signed.Check(receipt);
        return receipt;
    }

    private static bool IsIncarnationOf(string origin, string earlier)
    {
        int at = origin.LastIndexOf(".i", StringComparison.Ordinal);
        if (at < 0 || at + 2 == origin.Length || origin.AsSpan(at + 2).ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        return earlier == origin[..at] || (earlier.StartsWith(origin[..(at + 2)], StringComparison.Ordinal) && earlier.Length > at + 2
            && !earlier.AsSpan(at + 2).ContainsAnyExceptInRange('0', '9'));
    }

    private static DurableReceipt ReceiptOf(JsonElement receipt, byte[] note) => new(
        receipt.GetProperty("origin").GetString() ?? "",
        receipt.GetProperty("index").GetInt64(),
        HashOf(receipt.GetProperty("leaf_hash")),
        receipt.GetProperty("received_at").GetString() ?? "",
        receipt.GetProperty("id").GetString() ?? "",
        receipt.GetProperty("position").GetInt64(),
        [.. receipt.GetProperty("path").EnumerateArray().Take(MostPath).Select(HashOf)],
        note);

    private static Hash HashOf(JsonElement text) =>
        Hash.TryParseBase64(text.GetString(), out Hash hash) ? hash : throw new FormatException("a hash is none");

    private static bool IsStreamTaken(JsonElement result) =>
        result.TryGetProperty("errors", out JsonElement all) && all.EnumerateArray().Any(error => error.TryGetProperty("code", out JsonElement code) && code.ValueEquals("stream-taken"));

    private static string ReasonOf(JsonElement result)
    {
        string status = result.GetProperty("status").GetString() ?? "";
        if (status is not ("invalid" or "conflict"))
        {
            throw new FormatException($"an event is '{status}' and has no receipt");
        }

        IEnumerable<string> errors = result.TryGetProperty("errors", out JsonElement all)
            ? all.EnumerateArray().Take(8).Select(error => $"{(error.TryGetProperty("pointer", out JsonElement at) ? at.GetString() : "")}: {(error.TryGetProperty("detail", out JsonElement text) ? text.GetString() : "")}")
            : [];
        return $"{status}: {Excerpt(string.Join("; ", errors))}";
    }

    private static byte[] LineOf(List<JsonElement> receipts, string note)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("receipts");
            foreach (JsonElement receipt in receipts)
            {
                receipt.WriteTo(writer);
            }

            writer.WriteEndArray();
            writer.WriteString("receipt_note", note);
            writer.WriteNull("checkpoint");
            writer.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    private static string Excerpt(string text) => text.Length <= 500 ? text : text[..500] + "…";

    /// <summary>A body that tells when it begins to leave: by then there is a connection.</summary>
    private sealed class EventContent(MemoryStream body, Action onBegin) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            onBegin();
            await stream.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), cancellationToken).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
