namespace Indelible.AspNetCore.Requests;

/// <summary>Whether the application has called <c>UseIndelibleAudit</c>: registering services alone watches nothing.</summary>
internal sealed class AuditSwitch
{
    /// <summary>Set while the pipeline is built, before the first request.</summary>
    public bool IsOn { get; set; }
}
