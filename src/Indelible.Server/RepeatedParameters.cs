using Indelible.Server.Problems;

namespace Indelible.Server;

/// <summary>Refuses a parameter that is there twice: what stands in front of us may have looked at the one, and we would at both, or at the other.</summary>
internal sealed class RepeatedParameters(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Query)
        {
            if (values.Count > 1)
            {
                throw new ProblemException(Problem.InvalidParameter(name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : VisibleText.Excerpt(name), "given once"));
            }
        }

        return next(context);
    }
}
