using Indelible.AspNetCore.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Requests;

/// <summary>Watches a request from the outside and records it when its response is complete.</summary>
/// <remarks>
/// It records from <see cref="HttpResponse.OnCompleted(Func{object, Task}, object)"/>, not when the pipeline returns: exception handlers further out have had their say by then, the status is the one
/// that was sent, and no response waits for the log. It neither catches an exception nor writes a response.
/// </remarks>
internal sealed partial class AuditMiddleware
{
    private readonly RequestDelegate _next;
    private readonly RequestEvents _events;
    private readonly AuditOutbox _outbox;
    private readonly AuditOptions _options;
    private readonly ILogger<AuditMiddleware> _logger;
    private readonly Func<object, Task> _completed;

    public AuditMiddleware(RequestDelegate next, RequestEvents events, AuditOutbox outbox, IOptions<AuditOptions> options, ILogger<AuditMiddleware> logger)
    {
        _next = next;
        _events = events;
        _outbox = outbox;
        _options = options.Value;
        _logger = logger;
        _completed = Completed;
    }

    public Task InvokeAsync(HttpContext context)
    {
        // One event for one request, however often the middleware is in the pipeline, and when an exception handler runs it again.
        if (context.Features.Get<RequestAudit>() is not null)
        {
            return _next(context);
        }

        RequestAudit audit = _events.Begin(context);
        context.Features.Set(audit);
        context.Response.OnCompleted(_completed, context);
        if (_events.MayRecord(context))
        {
            Measure(context, audit);
        }

        return RunAsync(context, audit);
    }

    private static bool Note(HttpContext context, RequestAudit audit, Exception exception)
    {
        audit.Cancelled = context.RequestAborted.IsCancellationRequested && (exception is OperationCanceledException or IOException or BadHttpRequestException);
        if (!audit.Cancelled)
        {
            audit.Exception = exception.GetType().FullName;
        }

        return false;
    }

    private async Task RunAsync(HttpContext context, RequestAudit audit)
    {
        try
        {
            await _next(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (Note(context, audit, exception))
        {
            throw;
        }
        finally
        {
            // Before an exception handler further out takes the endpoint away.
            audit.Policy ??= _events.PolicyOf(context, audit);
            audit.Request?.Remove(context);
            if (audit.Response is { } response && ReferenceEquals(context.Features.Get<IHttpResponseBodyFeature>(), response))
            {
                context.Features.Set(response.Inner);
            }
        }
    }

    private void Measure(HttpContext context, RequestAudit audit)
    {
        if (context.Features.Get<IHttpResponseBodyFeature>() is { } body)
        {
            audit.Response = new ResponseMeter(body, _options.ResponseFields.Count > 0 ? new ByteTee(_options.BodyCap) : null);
            context.Features.Set<IHttpResponseBodyFeature>(audit.Response);
        }

        bool fields = _options.RequestFields.Count > 0 && CapturedFields.IsReadable(context.Request.ContentType);
        bool undeclared = context.Request.ContentLength is null && context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true } && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        if (fields || undeclared)
        {
            audit.Request = RequestMeter.Install(context, fields ? _options.BodyCap : 0);
        }
    }

    private Task Completed(object state)
    {
        var context = (HttpContext)state;
        try
        {
            if (context.Features.Get<RequestAudit>() is { } audit && _events.Complete(context, audit) is { } complete)
            {
                _outbox.Record(complete.Draft, complete.Mode);
            }
        }
        catch (Exception fault)
        {
            // The response is out. What an amendment of the application throws must be seen, and must not end the connection.
            LogUndescribed(fault);
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(3005, LogLevel.Error, "A request could not be described, and is not recorded")]
    private partial void LogUndescribed(Exception fault);
}
