using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.AspNetCore.Requests;

/// <summary>How a gRPC call ended: its HTTP status is 200 whatever happened, the truth is in the trailers.</summary>
internal readonly record struct GrpcStatus(int Code)
{
    private static readonly string[] s_names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
        "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    public bool IsOk => Code == 0;

    public bool IsDenial => Code is 7 or 16;

    /// <summary>Whether the server, not the caller, is why it ended so: what HTTP says with 500 and above.</summary>
    public bool IsFailure => Code is 2 or 4 or 13 or 14 or 15;

    public string Name => Code < s_names.Length ? s_names[Code] : Code.ToString(CultureInfo.InvariantCulture);

    public static bool IsGrpc(HttpContext context) => context.Request.ContentType is { } type && type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase);

    /// <summary>The status of a gRPC call; null for another request, or a call that ended without one.</summary>
    public static GrpcStatus? Of(HttpContext context)
    {
        if (!IsGrpc(context))
        {
            return null;
        }

        string text = context.Response.Headers["grpc-status"].ToString();
        if (text.Length == 0 && context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { } trailers)
        {
            text = trailers["grpc-status"].ToString();
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? new GrpcStatus(code) : null;
    }
}
