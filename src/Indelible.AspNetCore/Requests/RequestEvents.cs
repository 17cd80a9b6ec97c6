using System.Collections.Immutable;
using System.Text.Json;
using Indelible.AspNetCore.Identities;
using Indelible.AspNetCore.Secrets;
using Indelible.AspNetCore.Transfer;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Activity = System.Diagnostics.Activity;
using ActivityIdFormat = System.Diagnostics.ActivityIdFormat;

namespace Indelible.AspNetCore.Requests;

/// <summary>Makes events of requests: which are recorded, and what they say. Thread-safe.</summary>
internal sealed class RequestEvents
{
    private const int ClientClosedRequest = 499;
    private readonly AuditOptions _options;
    private readonly PolicyBook _policies;
    private readonly ActorReader _actors;
    private readonly ClientAddress _addresses;
    private readonly CapturedFields _fields;
    private readonly TimeProvider _time;

    public RequestEvents(IOptions<AuditOptions> options, PolicyBook policies, TimeProvider time)
    {
        _options = options.Value;
        _policies = policies;
        _time = time;
        _actors = new ActorReader(_options.Actor);
        _addresses = new ClientAddress(_options.TrustedProxies);
        _fields = new CapturedFields(_options.Secrets);
    }

    public ActorReader Actors => _actors;

    public PolicyBook Policies => _policies;

    /// <summary>Begins to watch a request.</summary>
    public RequestAudit Begin(HttpContext context)
    {
        Activity? activity = Activity.Current;
        var audit = new RequestAudit
        {
            Time = _time.GetUtcNow(),
            Started = _time.GetTimestamp(),
            Peer = _addresses.Believes ? context.Connection.RemoteIpAddress : null,
            Trace = activity is { IdFormat: ActivityIdFormat.W3C } ? new Trace { TraceId = activity.TraceId.ToHexString(), SpanId = activity.SpanId.ToHexString() } : null,
        };
        audit.Settle(context);
        return audit;
    }

    /// <summary>What is to be recorded of the request, as far as is known now.</summary>
    public EndpointPolicy PolicyOf(HttpContext context, RequestAudit audit) =>
        audit.Policy ?? _policies.Find(EndpointOf(context, audit), context.Request.Method, context.Request.Path);

    /// <summary>Whether bodies of this request may be of interest: it cannot be told before routing, so it errs towards yes.</summary>
    public bool MayRecord(HttpContext context)
    {
        if (context.GetEndpoint() is null)
        {
            return true;
        }

        EndpointPolicy policy = _policies.Find(context.GetEndpoint(), context.Request.Method, context.Request.Path);
        return policy.Named || (!policy.Quiet && _options.Scope != AuditScope.Named);
    }

    /// <summary>The event of a request whose response is complete; null where it is not to be recorded.</summary>
    public (EventDraft Draft, DeliveryMode? Mode)? Complete(HttpContext context, RequestAudit audit)
    {
        EndpointPolicy policy = PolicyOf(context, audit);
        int status = context.Response.StatusCode;
        GrpcStatus? grpc = GrpcStatus.Of(context);
        if (context.Features.Get<IExceptionHandlerFeature>() is { Error: { } handled })
        {
            audit.Exception ??= handled.GetType().FullName;
        }

        bool cancelled = audit.Cancelled || status == ClientClosedRequest;
        bool denied = audit.Denied || status is 401 or 403 || grpc is { IsDenial: true };
        bool failed = !cancelled && ((status >= 500 && !(policy.IsHealthCheck && status == 503)) || audit.Exception is not null || grpc is { IsFailure: true });
        if (denied && status == 401 && audit.Spoken && !policy.Named && audit.Amendment is null)
        {
            // A refused sign-in, recorded as such: the same attempt is not told twice.
            return null;
        }

        if (!denied && !failed && !IsWanted(context, audit, policy))
        {
            return null;
        }

        EventDraft draft = Describe(context, audit, policy) with
        {
            Outcome = cancelled ? Outcome.Unknown : denied || failed || status >= 400 || grpc is { IsOk: false } ? Outcome.Failure : Outcome.Success,
            OutcomeCode = grpc?.Name ?? (cancelled ? "499" : status.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            OutcomeReason = cancelled ? "cancelled by the client" : audit.Refused ? "the intent could not be recorded" : Bounded.Text(audit.Exception, 1_024),
            Decision = DecisionOf(audit, policy, denied, status),
            Request = RequestOf(context, audit, policy, status, cancelled),
        };
        if (audit.Intent is { } intent)
        {
            draft = draft with { Kind = EventKind.Outcome, RelatesTo = intent };
        }

        if (denied && !policy.Named)
        {
            draft = draft with { Category = Category.Authorization };
        }

        draft = WithData(draft, context, audit);
        return (Amended(draft, audit), audit.Intent is null && !audit.Refused ? policy.Mode is DeliveryMode.Guaranteed ? DeliveryMode.Durable : policy.Mode : DeliveryMode.Durable);
    }

    /// <summary>The event that is recorded before a handler runs.</summary>
    public EventDraft Intent(HttpContext context, RequestAudit audit)
    {
        EndpointPolicy policy = PolicyOf(context, audit);
        return Amended(
            Describe(context, audit, policy) with
            {
                Kind = EventKind.Intent,
                Outcome = Outcome.Unknown,
                Decision = DecisionOf(audit, policy, denied: false, status: 0),
                Request = RequestOf(context, audit, policy, status: null, cancelled: false),
            },
            audit);
    }

    /// <summary>An event about somebody's identity, in this request.</summary>
    public EventDraft Identity(HttpContext context, RequestAudit? audit, string action, Operation operation, Actor actor, Authentication authentication) => new()
    {
        Action = action,
        Category = Category.Authentication,
        Operation = operation,
        Actor = actor,
        Authentication = authentication,
        Source = SourceOf(context, audit),
        Request = RequestOf(context, audit, audit is null ? EndpointPolicy.None : PolicyOf(context, audit), status: null, cancelled: false),
        Trace = audit?.Trace ?? CurrentTrace(),
    };

    /// <summary>Fills in who, from where and in which request, for an event that the application records itself.</summary>
    public EventDraft Fill(EventDraft draft, HttpContext context, RequestAudit? audit) => draft with
    {
        Actor = draft.Actor ?? _actors.Read(context.User),
        Authentication = draft.Authentication ?? (draft.Actor is null ? _actors.ReadAuthentication(context.User) : null),
        Source = draft.Source ?? SourceOf(context, audit),
        Request = draft.Request ?? RequestOf(context, audit, audit is null ? EndpointPolicy.None : PolicyOf(context, audit), status: null, cancelled: false),
        Trace = draft.Trace ?? audit?.Trace,
    };

    /// <summary>An id from a route or a method's arguments, fit for a target; a secret is not repeated.</summary>
    public string IdOf(string name, string value)
    {
        bool secret = _options.Secrets.IsSecretName(name) || SecretsDictionary.KindOf(value) is not null;
        return secret ? "redacted" : Bounded.Text(value, 512) ?? "unknown";
    }

    public static Operation? OperationOf(string action)
    {
        ReadOnlySpan<char> word = action.AsSpan(action.AsSpan().LastIndexOfAny('.', '_', '-') + 1);
        return Enum.TryParse(word, ignoreCase: true, out Operation operation) && !char.IsAsciiDigit(word[0]) ? operation : null;
    }

    /// <summary>The endpoint that the request was for, even where an error page has answered in its stead.</summary>
    private static Endpoint? EndpointOf(HttpContext context, RequestAudit audit) =>
        audit.Endpoint ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.Features.Get<IStatusCodeReExecuteFeature>()?.Endpoint ?? context.GetEndpoint();

    private static Trace? CurrentTrace() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? new Trace { TraceId = activity.TraceId.ToHexString(), SpanId = activity.SpanId.ToHexString() } : null;

    private static string? TextOf(object? value) => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);

    private static string Lower(string method) => method switch
    {
        "GET" => "http.get",
        "POST" => "http.post",
        "PUT" => "http.put",
        "PATCH" => "http.patch",
        "DELETE" => "http.delete",
        "HEAD" => "http.head",
        "OPTIONS" => "http.options",
        "CONNECT" => "http.connect",
        _ => "http.other",
    };

    private static Operation OperationOfMethod(string method) => method switch
    {
        "GET" or "HEAD" => Operation.Read,
        "POST" => Operation.Create,
        "PUT" or "PATCH" => Operation.Update,
        "DELETE" => Operation.Delete,
        "CONNECT" => Operation.Connect,
        _ => Operation.Other,
    };

    private static Decision? DecisionOf(RequestAudit audit, EndpointPolicy policy, bool denied, int status)
    {
        if (audit.Decision is { Effect: not DecisionEffect.Allow } decided)
        {
            return decided;
        }

        if (denied)
        {
            RequestAudit.Check? check = audit.Checks?.LastOrDefault(check => !check.Allowed);
            return new Decision
            {
                Effect = status == 401 ? DecisionEffect.Challenge : DecisionEffect.Deny,
                Policy = check?.Policy ?? policy.AuthorizationNames,
                Rule = check?.Requirements,
            };
        }

        return audit.Decision;
    }

    private static EventDraft Amended(EventDraft draft, RequestAudit audit) => audit.Amendment is { } amend ? amend(draft) : draft;

    private bool IsWanted(HttpContext context, RequestAudit audit, EndpointPolicy policy)
    {
        if (audit.Amendment is not null || audit.Intent is not null)
        {
            return true;
        }

        string method = context.Request.Method;
        if (policy.Named)
        {
            return policy.Names(method);
        }

        if (policy.Quiet || audit.Spoken || _options.Scope == AuditScope.Named)
        {
            return false;
        }

        bool answered = policy.Route is not null || EndpointOf(context, audit) is not null;
        return _options.Scope == AuditScope.Everything
            ? answered || !EndpointPolicy.IsRead(method) || context.Response.StatusCode == 404
            : answered && (audit.Authorized || policy.Protected || !EndpointPolicy.IsRead(method));
    }

    private EventDraft Describe(HttpContext context, RequestAudit audit, EndpointPolicy policy)
    {
        string method = context.Request.Method;
        ImmutableArray<Target> targets = TargetsOf(context, audit, policy);
        return new EventDraft
        {
            Action = policy.Action ?? Lower(method),
            Time = audit.Time,
            Category = policy.Category ?? (policy.Action is null || policy.Classification is not null ? EndpointPolicy.IsRead(method) ? Category.DataAccess : Category.DataChange : null),
            Operation = policy.Operation ?? (policy.Action is { } action ? OperationOf(action) : OperationOfMethod(method)),
            Actor = _actors.Read(context.User),
            Authentication = _actors.ReadAuthentication(context.User),
            Targets = targets,
            DataSubjects = policy.DataSubject is { } name && TextOf(RouteValuesOf(context, audit)[name]) is { Length: > 0 } subject ? [Bounded.Text(subject, 128)!] : [],
            Source = SourceOf(context, audit),
            Trace = audit.Trace,
        };
    }

    /// <summary>The target that is named, or else each route value under the word before it: <c>/patients/{id}</c> tells of a <c>patients</c>.</summary>
    private ImmutableArray<Target> TargetsOf(HttpContext context, RequestAudit audit, EndpointPolicy policy)
    {
        RouteValueDictionary values = RouteValuesOf(context, audit);
        if (policy.TargetType is { } type)
        {
            string? name = policy.TargetId ?? (values.ContainsKey("id") ? "id" : LastParameter(context, audit));
            return name is not null && TextOf(values[name]) is { Length: > 0 } id
                ? [new Target { Type = type, Id = IdOf(name, id), Classification = policy.Classification }]
                : [];
        }

        if (values.Count == 0 || EndpointOf(context, audit) is not RouteEndpoint { RoutePattern: { } pattern })
        {
            return [];
        }

        ImmutableArray<Target>.Builder targets = ImmutableArray.CreateBuilder<Target>();
        string? word = null;
        foreach (Microsoft.AspNetCore.Routing.Patterns.RoutePatternPathSegment segment in pattern.PathSegments)
        {
            switch (segment.Parts[0])
            {
                case Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal when segment.IsSimple:
                    word = TypeName(literal.Content);
                    break;
                case Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter when segment.IsSimple && word is not null
                    && targets.Count < 8 && TextOf(values[parameter.Name]) is { Length: > 0 } id:
                    targets.Add(new Target { Type = word, Id = IdOf(parameter.Name, id), Classification = policy.Classification });
                    break;
                default:
                    break;
            }
        }

        return targets.ToImmutable();
    }

    private static RouteValueDictionary RouteValuesOf(HttpContext context, RequestAudit audit) =>
        audit.RouteValues ?? context.Features.Get<IExceptionHandlerFeature>()?.RouteValues ?? context.Request.RouteValues;

    private static string? LastParameter(HttpContext context, RequestAudit audit) =>
        EndpointOf(context, audit) is RouteEndpoint { RoutePattern.Parameters: { Count: > 0 } parameters } ? parameters[^1].Name : null;

    private static string? TypeName(string literal)
    {
        Span<char> name = stackalloc char[Math.Min(literal.Length, 64)];
        for (int i = 0; i < name.Length; i++)
        {
            char lower = char.ToLowerInvariant(literal[i]);
            name[i] = char.IsAsciiLetterLower(lower) || char.IsAsciiDigit(lower) ? lower : '_';
        }

        ReadOnlySpan<char> trimmed = name.Trim('_');
        return trimmed.IsEmpty ? null : trimmed.ToString();
    }

    private Source SourceOf(HttpContext context, RequestAudit? audit)
    {
        (string? ip, string[]? chain) = _addresses.Believes
            ? _addresses.Resolve(audit?.Peer ?? context.Connection.RemoteIpAddress, context.Request.Headers)
            : (ClientAddress.Canonical(context.Connection.RemoteIpAddress), null);
        string? agent = _options.UserAgent ? Bounded.Text(context.Request.Headers.UserAgent.ToString(), 512) : null;
        return new Source
        {
            Ip = ip,
            ForwardedFor = chain,
            UserAgent = agent is not null && SecretsDictionary.KindOf(agent) is not null ? "redacted" : agent,
        };
    }

    private Request RequestOf(HttpContext context, RequestAudit? audit, EndpointPolicy policy, int? status, bool cancelled)
    {
        bool complete = status is not null;
        return new Request
        {
            Id = Bounded.Text(context.TraceIdentifier, 128),
            Protocol = GrpcStatus.IsGrpc(context) ? "grpc" : ProtocolOf(context.Request.Protocol),
            Method = Bounded.Text(context.Request.Method, 32),
            Route = policy.Route,
            Path = _options.Path ? Bounded.Text((context.Request.PathBase + context.Request.Path).ToUriComponent(), 2_048) : null,
            Status = status,
            DurationMs = complete && audit is not null ? (long)_time.GetElapsedTime(audit.Started).TotalMilliseconds : null,
            BytesIn = complete ? audit?.Request?.Tee.Total ?? (cancelled ? null : context.Request.ContentLength) ?? (MayHaveBody(context) ? null : 0) : null,
            BytesOut = complete ? (audit is { Returned: true } ? audit.Response?.Bytes : null) ?? context.Response.ContentLength : null,
        };
    }

    private static bool MayHaveBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    private static string? ProtocolOf(string protocol) => protocol switch
    {
        "HTTP/1.1" => "http/1.1",
        "HTTP/2" => "http/2",
        "HTTP/3" => "http/3",
        _ => Bounded.Text(protocol.ToLowerInvariant(), 32),
    };

    private EventDraft WithData(EventDraft draft, HttpContext context, RequestAudit audit)
    {
        HttpRequest request = context.Request;
        if (_options.Query.Count > 0)
        {
            draft = With(draft, "query", writer => _fields.WriteQuery(writer, request.Query, _options.Query));
        }

        if (_options.RequestHeaders.Count > 0)
        {
            draft = With(draft, "request_headers", writer => _fields.WriteHeaders(writer, request.Headers, _options.RequestHeaders));
        }

        if (_options.ResponseHeaders.Count > 0)
        {
            draft = With(draft, "response_headers", writer => _fields.WriteHeaders(writer, context.Response.Headers, _options.ResponseHeaders));
        }

        if (_options.RequestFields.Count > 0 && audit.Request is { } read)
        {
            draft = With(draft, "request_body", writer => _fields.WriteBody(writer, read.Tee, request.ContentType, _options.RequestFields));
        }

        if (_options.ResponseFields.Count > 0 && audit.Response is { Tee: { } sent } && CapturedFields.IsJson(context.Response.ContentType)
            && context.Response.Headers.ContentEncoding.Count == 0)
        {
            draft = With(draft, "response_body", writer => _fields.WriteBody(writer, sent, context.Response.ContentType, _options.ResponseFields));
        }

        if (audit.Checks is { } checks)
        {
            draft = draft with
            {
                Data = draft.Data.SetItem("authorization", DataOf.Written(writer =>
                {
                    writer.WriteStartArray();
                    checks.ForEach(check => check.WriteTo(writer));
                    writer.WriteEndArray();
                })),
            };
        }

        return draft;
    }

    /// <summary>Adds an object of members; none where nothing was written.</summary>
    private static EventDraft With(EventDraft draft, string name, Action<Utf8JsonWriter> writeMembers)
    {
        JsonElement written = DataOf.Written(writer =>
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        });
        return written.EnumerateObject().MoveNext() ? draft with { Data = draft.Data.SetItem(name, written) } : draft;
    }
}
