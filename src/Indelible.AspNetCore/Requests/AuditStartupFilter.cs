using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Indelible.AspNetCore.Requests;

/// <summary>Puts the watching middleware in front of everything, what the framework adds by itself included.</summary>
internal sealed class AuditStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<AuditMiddleware>(true);
        next(app);
    };
}
