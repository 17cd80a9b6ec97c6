using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Server.Streams;

/// <summary>Posts entries, in one of the bodies that collectors take.</summary>
/// <remarks>
/// <para>
/// Taken is what a 2xx answers. 400, 413 and 422 say that something in the batch is wrong for the receiver; whatever else it answers may pass. Redirects are not followed: they would take entries and the secrets
/// in headers to where nobody said. What an answer says is not read, but of a <c>_bulk</c>.
/// </para>
/// <para>
/// A <c>_bulk</c> is answered with 200 whatever became of its documents, and with a status for each. They are created, not overwritten: one that was sent before is told by 409, which is as good as taken. So a batch in which some were taken can be
/// sent again, whole or halved, and the cursor needs to know nothing of it.
/// </para>
/// </remarks>
internal sealed class HttpSender : IStreamSender
{
    private readonly HttpTarget _target;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public HttpSender(HttpTarget target, TimeProvider time)
    {
        (_target, _time) = (target, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            UseProxy = target.Proxy is not null,
            Proxy = target.Proxy is null ? null : new WebProxy(target.Proxy),
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ServerLimits.StreamConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = ServerLimits.HeaderBytes >> 10,
            SslOptions = target.Trust.OptionsFor(null),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public bool IsSettled => true;

    /// <inheritdoc/>
    public IReadOnlyList<(string Log, long Index)> TakeLost() => [];

    /// <inheritdoc/>
    public async Task<SendResult> SendAsync(StreamBatch batch, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _target.Url) { Content = BodyOf(batch) };
        foreach ((string name, string value) in _target.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ServerLimits.StreamTimeout);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            int status = (int)response.StatusCode;
            return status switch
            {
                >= 200 and < 300 => _target.Body == HttpBody.ElasticBulk ? await ReadBulkAsync(response, batch.Items.Count, limit.Token) : SendResult.Taken,
                400 or 413 or 422 => new SendResult(SendOutcome.Refused, $"answered {status}"),
                >= 300 and < 400 => SendResult.Failed($"answered {status}, a redirect, which is not followed"),
                _ => SendResult.Failed($"answered {status}", RetryAfterOf(response)),
            };
        }
        catch (HttpRequestException e)
        {
            return SendResult.Failed(ReasonOf(e));
        }
        catch (IOException)
        {
            return SendResult.Failed("its answer broke off");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return SendResult.Failed($"no answer within {ServerLimits.StreamTimeout.TotalSeconds:0} s");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string ReasonOf(HttpRequestException e) => e switch
    {
        { InnerException: AuthenticationException } or { HttpRequestError: HttpRequestError.SecureConnectionError } => "TLS failed: is its certificate one that is trusted here, for this name?",
        { InnerException: SocketException socket } => $"no connection: {socket.SocketErrorCode}",
        _ => $"no connection: {e.HttpRequestError}",
    };

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } wait } => wait,
        { Date: { } until } => until - _time.GetUtcNow(),
        _ => null,
    };

    /// <summary>What became of the documents of a <c>_bulk</c>: refused, if one is for what is in it, and the others were taken; else failed, if one was not taken.</summary>
    private static async Task<SendResult> ReadBulkAsync(HttpResponseMessage response, int count, CancellationToken cancellationToken)
    {
        SendResult nonsense = SendResult.Failed($"answered {(int)response.StatusCode}, and not as a _bulk is answered");
        try
        {
            await response.Content.LoadIntoBufferAsync(ServerLimits.StreamAnswerBytes, cancellationToken);
            using JsonDocument answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            if (answer.RootElement.GetProperty("errors").ValueKind == JsonValueKind.False)
            {
                return SendResult.Taken;
            }

            int[] statuses = [.. answer.RootElement.GetProperty("items").EnumerateArray().Select(item => item.EnumerateObject().Single().Value.GetProperty("status").GetInt32()).Where(status => status is not ((>= 200 and < 300) or 409))];
            return statuses switch
            {
                _ when answer.RootElement.GetProperty("items").GetArrayLength() != count => nonsense,
                [] => SendResult.Taken,
                _ when statuses.FirstOrDefault(status => status is not (400 or 413 or 422)) is > 0 and var other => SendResult.Failed($"answered {other} for an entry"),
                _ => new SendResult(SendOutcome.Refused, $"answered {statuses[0]} for it"),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return nonsense;
        }
    }

    private ByteArrayContent BodyOf(StreamBatch batch)
    {
        using var body = new MemoryStream();
        if (_target.HasGzip)
        {
            using var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true);
            Write(gzip, batch);
        }
        else
        {
            Write(body, batch);
        }

        var content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue(_target.Body == HttpBody.SplunkEvent ? "application/json" : "application/x-ndjson");
        if (_target.HasGzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return content;
    }

    private void Write(Stream body, StreamBatch batch)
    {
        foreach (StreamItem item in batch.Items)
        {
            switch (_target.Body)
            {
                case HttpBody.SplunkEvent:
                    WriteSplunkEvent(body, item);
                    break;
                case HttpBody.ElasticBulk:
                    WriteElasticName(body, item);
                    body.Write(item.Json.Span);
                    break;
                default:
                    body.Write(item.Json.Span);
                    break;
            }

            body.WriteByte((byte)'\n');
        }
    }

    private static void WriteSplunkEvent(Stream body, StreamItem item)
    {
        using Utf8JsonWriter json = JsonText.Writer(body);
        json.WriteStartObject();
        if (Instant.TryParse(item.Facts.Time, out DateTimeOffset time))
        {
            json.WriteNumber("time", decimal.Divide(time.ToUnixTimeMilliseconds(), 1_000));
        }

        json.WriteString("source", "indelible:" + item.Log);
        json.WritePropertyName("event");
        json.WriteRawValue(item.Json.Span, skipInputValidation: true);
        json.WriteEndObject();
    }

    private static void WriteElasticName(Stream body, StreamItem item)
    {
        using (Utf8JsonWriter json = JsonText.Writer(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("create");
            json.WriteString("_id", item.Id);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
    }
}
