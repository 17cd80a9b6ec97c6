namespace Indelible.Client;

/// <summary>An answer of any length, read as it comes. What it says is <b>not verified</b>.</summary>
public sealed class ApiDownload : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;

    internal ApiDownload(HttpResponseMessage response, Stream body)
    {
        _response = response;
        Body = body;
    }

    /// <summary>The bytes. One that is cut off ends with an <see cref="IOException"/>.</summary>
    public Stream Body { get; }

    /// <summary>A header of the answer; null where it has none of that name, or several.</summary>
    public string? Header(string name) => _response.Headers.TryGetValues(name, out IEnumerable<string>? values) && values.ToArray() is [var value] ? value : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync().ConfigureAwait(false);
        _response.Dispose();
    }
}
