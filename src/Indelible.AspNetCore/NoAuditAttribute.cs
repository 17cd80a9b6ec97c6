namespace Indelible.AspNetCore;

/// <summary>Says that requests to an endpoint are not recorded as long as they go well. Denials and failures are recorded all the same.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method | AttributeTargets.Delegate, AllowMultiple = false, Inherited = true)]
public sealed class NoAuditAttribute : Attribute;
