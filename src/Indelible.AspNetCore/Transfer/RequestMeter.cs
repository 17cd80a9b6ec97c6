using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.AspNetCore.Transfer;

/// <summary>Counts what a handler reads of a request's body, and keeps its first bytes; both doors, stream and pipe, stay the server's own, one call away.</summary>
/// <remarks>Used where the length is not declared, or where fields of the body are allowed. Nothing is read that the handler does not read, and nothing is read ahead.</remarks>
internal sealed class RequestMeter : PipeReader, IRequestBodyPipeFeature
{
    private readonly PipeReader _pipe;
    private readonly IRequestBodyPipeFeature? _feature;
    private readonly Stream _body;
    private readonly MeteredReads _stream;
    private ReadOnlySequence<byte> _shown;

    private RequestMeter(HttpContext context, PipeReader pipe, MeteredReads stream, ByteTee tee)
    {
        Tee = tee;
        _feature = context.Features.Get<IRequestBodyPipeFeature>();

        _pipe = pipe;
        _body = context.Request.Body;
        _stream = stream;
    }

    public ByteTee Tee { get; }

    public PipeReader Reader => this;

    public static RequestMeter Install(HttpContext context, int cap)
    {
        var tee = new ByteTee(cap);

        // The server's own reader, asked for before the body is another stream: later it would wrap that stream, with a buffer of its own.
        PipeReader pipe = context.Request.BodyReader;
        var meter = new RequestMeter(context, pipe, new MeteredReads(context.Request.Body, tee), tee);
        context.Request.Body = meter._stream;
        context.Features.Set<IRequestBodyPipeFeature>(meter);
        return meter;
    }

    /// <summary>Gives the server's own body back, unless somebody else has put one over it and still holds on.</summary>
    public void Remove(HttpContext context)
    {
        if (ReferenceEquals(context.Request.Body, _stream))
        {
            context.Request.Body = _body;
        }

        if (ReferenceEquals(context.Features.Get<IRequestBodyPipeFeature>(), this))
        {
            context.Features.Set(_feature);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        bool any = _pipe.TryRead(out result);
        _shown = any ? result.Buffer : default;
        return any;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> reading = _pipe.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Shown(reading.Result)) : AwaitAsync(reading);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_shown.IsEmpty)
        {
            Tee.Add(_shown.Slice(_shown.Start, consumed));
            _shown = default;
        }

        _pipe.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _shown = default;
        _pipe.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        _shown = default;
        return _pipe.CompleteAsync(exception);
    }

    public override Stream AsStream(bool leaveOpen = false) => _stream;

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading) => Shown(await reading.ConfigureAwait(false));

    private ReadResult Shown(ReadResult result)
    {
        _shown = result.Buffer;
        return result;
    }
}
