using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.Server.Problems;

/// <summary>Turns what the engine and the server throw into problems, in one place.</summary>
/// <param name="next">The rest of the pipeline.</param>
/// <param name="answered">Told of every problem before it is written.</param>
/// <param name="logger">Receives what operators should know.</param>
/// <remarks>What is not listed here is a mistake of ours: 500 without detail, and an error in the server's own log.</remarks>
internal sealed partial class ProblemMiddleware(RequestDelegate next, Action<HttpContext, Problem> answered, ILogger<ProblemMiddleware> logger)
{
    private readonly ILogger _logger = logger;

    public async Task InvokeAsync(HttpContext context)
    {
        Problem problem;
        try
        {
            await next(context);
            if (context.Response.HasStarted || OfBareStatus(context.Response) is not { } bare)
            {
                return;
            }

            problem = bare;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;   // The caller has gone; what was taken is appended all the same.
        }
        catch (ProblemException e)
        {
            problem = e.Problem;
        }
        catch (EventsRefusedException e)
        {
            problem = Problem.InvalidEvents(e.Refused);
        }
        catch (LogFrozenException e)
        {
            problem = Problem.LogFrozen(e.Message, e.Successor);
        }
        catch (QueueFullException e)
        {
            problem = Problem.TooMuch(e.Message);
        }
        catch (AuthorisationLostException)
        {
            problem = Problem.Unauthenticated();
        }
        catch (NotWrittenException e)
        {
            problem = Problem.NotWritten(e.Message);
        }
        catch (NodeStoppedException e)
        {
            problem = Problem.Stopped(e.Message, e.OutcomeUnknown);
        }
        catch (NotAuthorisedException e)
        {
            problem = Problem.Forbidden(e.Message);
        }
        catch (ConfigurationConflictException e)
        {
            problem = Problem.Conflict(e.Message);
        }
        catch (BadHttpRequestException e)
        {
            problem = e.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => Problem.TooLarge($"A body has at most {ServerLimits.BodyBytes} bytes."),
                StatusCodes.Status408RequestTimeout => Problem.TooSlow(),
                _ => Problem.InvalidBody(e.Message),
            };
        }
        catch (StorageException e)
        {
            LogStorage(context.Request.Path, e);
            problem = OfStorage(e.Outcome);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogUnexpected(context.Request.Path, e);
            problem = Problem.Unexpected();
        }

        answered(context, problem);
        if (context.Response.HasStarted || context.Response.BodyWriter.UnflushedBytes > 0)
        {
            // Half an answer must not look like a whole one, nor stand before a problem: what was written cannot be taken back.
            context.Features.Get<IHttpResetFeature>()?.Reset(0x2);
            context.Abort();
            return;
        }

        string? allow = context.Response.Headers.Allow;
        context.Response.Clear();
        SecurityHeaders.Set(context);
        context.Response.Headers.Allow = allow;
        await (context.Features.Get<IProblemWriter>()?.WriteAsync(context, problem) ?? problem.ExecuteAsync(context));
    }

    /// <summary>What the caller can act on. The exception's own words name files, and logs of others: they are for the operator, in the server's log.</summary>
    private static Problem OfStorage(StorageOutcome outcome) => outcome switch
    {
        StorageOutcome.NothingChanged => Problem.NotWritten("The disk does not take this now, and nothing was changed; send it again in a moment. The operator has been told why."),
        StorageOutcome.Damaged => Problem.Damaged("Bytes of this were altered on disk and are not served. The operator has been told where."),
        _ => Problem.Stopped("A write failed, and whether it is on disk is not known. The operator has been told why; send it again under the same ids when the node runs again.", outcomeUnknown: true),
    };

    /// <summary>What routing refuses has a status and nothing else.</summary>
    private static Problem? OfBareStatus(HttpResponse response) => response.ContentType is not null ? null : response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problem.NotFound("There is no such route; /openapi/v1.json lists them."),
        StatusCodes.Status405MethodNotAllowed => Problem.MethodNotAllowed(response.Headers.Allow.ToString()),
        StatusCodes.Status415UnsupportedMediaType => Problem.Unsupported(
            "Content-Type is application/json; for events it may be application/x-ndjson, an event a line, as well."),
        _ => null,
    };

    [LoggerMessage(2001, LogLevel.Error, "Storage failed at {Path}")]
    private partial void LogStorage(string path, Exception exception);

    [LoggerMessage(2002, LogLevel.Error, "An unexpected failure at {Path}")]
    private partial void LogUnexpected(string path, Exception exception);
}
