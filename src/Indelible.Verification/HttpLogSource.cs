using System.Net;
using System.Net.Http.Headers;
using Indelible.Rotation;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>A log served over HTTP as c2sp.org/tlog-tiles: by us or by any web server.</summary>
public sealed class HttpLogSource : ILogSource
{
    private const int MaxCheckpointBytes = 1 << 20;
    private readonly HttpClient _http;
    private readonly Uri _prefix;
    private readonly string? _key;

    /// <summary>The log below <paramref name="prefix"/>.</summary>
    /// <param name="http">Sends the requests; not disposed. It should follow no redirections: the key would be shown, and the log be read, elsewhere than the caller said.</param>
    /// <param name="prefix">As in <c>http://127.0.0.1:7480/logs/main</c>.</param>
    /// <param name="key">A reader's key, where the log wants one.</param>
    public HttpLogSource(HttpClient http, Uri prefix, string? key)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        _http = http;
        _prefix = new Uri(prefix.ToString().TrimEnd('/') + "/");
        _key = key;
    }

    /// <summary>How long an answer may take, its body included; 100 s unless set. The client's own limit ends with the headers.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(100);

    /// <inheritdoc/>
    public string Description => _prefix.ToString();

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => GetAsync("checkpoint", MaxCheckpointBytes, cancellationToken);

    /// <summary>The handovers; none where the server has no such file, as one that serves a log as static files may not.</summary>
    public Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) => GetListAsync("handovers", cancellationToken);

    /// <summary>As <see cref="ReadHandoversAsync"/>, of the receipts' key.</summary>
    public Task<ReadOnlyMemory<byte>> ReadReceiptsHandoversAsync(CancellationToken cancellationToken) => GetListAsync("receipts-handovers", cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await GetAsync(id.Path, id.Width * (EntryBundle.MaxEntryBytes + 2), cancellationToken).ConfigureAwait(false);
        return EntryBundle.TryParse(bytes, id.Width, out ReadOnlyMemory<byte>[]? entries)
            ? entries
            : throw new LogSourceException($"{id.Path} is not an entry bundle of {id.Width} entries");
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) =>
        await GetAsync(id.Path, TileLayout.Width * Merkle.Hash.Size, cancellationToken).ConfigureAwait(false);

    /// <summary>Nothing lies beside the log here.</summary>
    public Task<StorageFindings> CheckStorageAsync(long size, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

    /// <inheritdoc/>
    public string Locate(long index) => $"{_prefix}tile/entries/… bundle {index / TileLayout.Width}";

    private async Task<ReadOnlyMemory<byte>> GetListAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(path, HandoverList.MaxBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (e.IsMissing)
        {
            return ReadOnlyMemory<byte>.Empty;
        }
    }

    private async Task<ReadOnlyMemory<byte>> GetAsync(string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_prefix, path));
            request.Headers.Authorization = _key is null ? null : new AuthenticationHeaderValue("Bearer", _key);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new LogSourceException(
                    $"{path}: the server answers {(int)response.StatusCode} {response.ReasonPhrase}{(response.Headers.Location is { } elsewhere ? $", to {elsewhere.OriginalString}, which is not followed" : "")}",
                    unreachable: response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                        or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || path == "checkpoint" || (int)response.StatusCode is >= 500 or < 400)
                {
                    IsMissing = response.StatusCode == HttpStatusCode.NotFound,
                };
            }

            Stream body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                return await ReadBoundedAsync(body, path, maxBytes, patience.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new LogSourceException($"{path}: {e.Message}", unreachable: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LogSourceException($"{path}: there was no whole answer within {Patience.TotalSeconds} s", unreachable: true);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(Stream body, string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        byte[] part = new byte[64 * 1024];
        int read;
        while ((read = await body.ReadAsync(part, cancellationToken).ConfigureAwait(false)) > 0)
        {
            buffer.Write(part, 0, read);
            if (buffer.Length > maxBytes)
            {
                throw new LogSourceException($"{path} has more than the {maxBytes} bytes it can have");
            }
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
