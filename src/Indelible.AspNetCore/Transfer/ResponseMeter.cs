using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.AspNetCore.Transfer;

/// <summary>Counts what a response sends while passing every call through, unchanged and unbuffered, to the body that the server made.</summary>
/// <remarks>
/// Why a feature and not the body: replacing <c>Response.Body</c> by a stream of one's own is what breaks minimal APIs (they write to the pipe), exception handlers further out (they find a
/// closed stream) and downloads (they are buffered). Here pipe, stream, file sending and early completion are each the server's own, one call away, and the server's feature is put back as soon
/// as the pipeline returns. A response's declared length alone would not do: most JSON is sent without one.
/// </remarks>
internal sealed class ResponseMeter(IHttpResponseBodyFeature inner, ByteTee? tee) : PipeWriter, IHttpResponseBodyFeature
{
    private MeteredWrites? _stream;
    private Memory<byte> _lent;
    private long _bytes;

    public long Bytes => _bytes;

    public ByteTee? Tee => tee;

    public IHttpResponseBodyFeature Inner => inner;

    public Stream Stream => _stream ??= new MeteredWrites(inner.Stream, this);

    public PipeWriter Writer => this;

    public override bool CanGetUnflushedBytes => inner.Writer.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.Writer.UnflushedBytes;

    public void Count(ReadOnlySpan<byte> bytes)
    {
        _bytes += bytes.Length;
        tee?.Add(bytes);
    }

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        await inner.SendFileAsync(path, offset, count, cancellationToken).ConfigureAwait(false);
        _bytes += count ?? Math.Max(0, new FileInfo(path).Length - offset);
    }

    public override void Advance(int bytes)
    {
        if (tee is not null && bytes > 0 && bytes <= _lent.Length)
        {
            tee.Add(_lent.Span[..bytes]);
            _lent = _lent[bytes..];
        }

        inner.Writer.Advance(bytes);
        _bytes += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Memory<byte> memory = inner.Writer.GetMemory(sizeHint);
        if (tee is not null)
        {
            _lent = memory;
        }

        return memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => tee is null ? inner.Writer.GetSpan(sizeHint) : GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.Writer.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Count(source.Span);
        return inner.Writer.WriteAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => inner.Writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Writer.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.Writer.CompleteAsync(exception);

    public override Stream AsStream(bool leaveOpen = false) => Stream;
}
