using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Indelible.Server.Endpoints;

/// <summary>A route answers to its path alone, written as it is documented: routing by itself takes it in any case, with a slash behind, and round a corner.</summary>
/// <remarks>
/// A proxy in front that keeps <c>/metrics</c> or <c>/api/keys</c> from strangers compares texts. <c>/METRICS</c>, <c>/metrics/</c> and <c>/logs/x/../../metrics</c> would
/// go past it, and what one log's readers may fetch would be kept by a cache under another log's path.
/// </remarks>
internal sealed partial class ExactPathPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    /// <inheritdoc/>
    public override int Order => 0;

    /// <inheritdoc/>
    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => true;

    /// <inheritdoc/>
    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        string target = httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        bool isRoundabout = DotSegment().IsMatch(target.Split('?')[0]);
        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && candidates[i].Endpoint is RouteEndpoint route)
            {
                candidates.SetValidity(i, !isRoundabout && IsExact(route.RoutePattern, httpContext.Request.Path.Value ?? ""));
            }
        }

        return Task.CompletedTask;
    }

    private static bool IsExact(RoutePattern pattern, string path)
    {
        string[] segments = path.Split('/')[1..];
        for (int i = 0; i < pattern.PathSegments.Count; i++)
        {
            if (pattern.PathSegments[i].Parts is [RoutePatternParameterPart { IsCatchAll: true }])
            {
                return true;
            }

            if (pattern.PathSegments[i].Parts is [RoutePatternLiteralPart literal] && !(i < segments.Length && literal.Content.Equals(segments[i], StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return segments.Length == Math.Max(pattern.PathSegments.Count, 1);
    }

    [GeneratedRegex(@"(?i)/(\.|%2e){1,2}(/|$)")]
    private static partial Regex DotSegment();
}
