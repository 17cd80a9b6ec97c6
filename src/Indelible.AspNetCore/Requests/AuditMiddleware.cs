using Indelible.AspNetCore.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Requests;

/// <summary>Watches requests and records them when their response is complete.</summary>
/// <remarks>
/// It stands in two places. In front of everything, put there by a startup filter, it begins to watch: authentication and authorisation that the framework adds by itself run before the first
/// middleware of the application, and their denials must be seen. Where the application calls <c>UseIndelibleAudit</c> it keeps the endpoint and measures the bodies.
/// <para>It records from <see cref="HttpResponse.OnCompleted(Func{object, Task}, object)"/>, not when the pipeline returns: exception handlers further out have had their say by then, the status
/// is the one that was sent, and no response waits for the log. It neither handles an exception nor writes a response.</para>
/// </remarks>
internal sealed partial class AuditMiddleware
{
    private readonly RequestDelegate _next;
    private readonly RequestEvents _events;
    private readonly AuditOutbox _outbox;
    private readonly AuditSwitch _switch;
    private readonly AuditOptions _options;
    private readonly ILogger<AuditMiddleware> _logger;
    private readonly Func<object, Task> _completed;
    private readonly bool _first;

    /// <param name="next">What follows.</param>
    /// <param name="events">Describes.</param>
    /// <param name="outbox">Records.</param>
    /// <param name="switched">Whether the application wants it.</param>
    /// <param name="options">What is recorded.</param>
    /// <param name="logger">Tells of faults.</param>
    /// <param name="first">Whether it is the one in front of everything.</param>
    public AuditMiddleware(
        RequestDelegate next,
        RequestEvents events,
        AuditOutbox outbox,
        AuditSwitch switched,
        IOptions<AuditOptions> options,
        ILogger<AuditMiddleware> logger,
        bool first)
    {
        _next = next;
        _events = events;
        _outbox = outbox;
        _switch = switched;
        _options = options.Value;
        _logger = logger;
        _first = first;
        _completed = Completed;
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (!_switch.IsOn)
        {
            return _next(context);
        }

        // One event for one request, however often the middleware is in the pipeline, and when an exception handler runs it again.
        RequestAudit? audit = context.Features.Get<RequestAudit>();
        if (audit is null)
        {
            audit = _events.Begin(context);
            context.Features.Set(audit);
            context.Response.OnCompleted(_completed, context);
        }

        audit.Settle(context);
        return _first ? WatchAsync(context, audit) : audit.Measured ? _next(context) : MeasureAsync(context, audit);
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

    private async Task WatchAsync(HttpContext context, RequestAudit audit)
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
            audit.Settle(context);
        }
    }

    private async Task MeasureAsync(HttpContext context, RequestAudit audit)
    {
        audit.Measured = true;
        if (_events.MayRecord(context))
        {
            Measure(context, audit);
        }

        try
        {
            await _next(context).ConfigureAwait(false);
            audit.Returned = true;
        }
        catch (Exception exception) when (Note(context, audit, exception))
        {
            throw;
        }
        finally
        {
            // Before an exception handler further out takes the endpoint away, and finds the server's own body.
            audit.Settle(context);
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

    [LoggerMessage(5105, LogLevel.Error, "A request could not be described, and is not recorded")]
    private partial void LogUndescribed(Exception fault);
}
