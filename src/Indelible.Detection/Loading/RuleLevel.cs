namespace Indelible.Detection;

/// <summary>How grave it is when a rule matches (Sigma 2.1, <c>level</c>).</summary>
public enum RuleLevel
{
    /// <summary>Enriches; nobody is told.</summary>
    Informational,

    /// <summary>Notable, rarely an incident.</summary>
    Low,

    /// <summary>To be looked at regularly. What a rule has that names none.</summary>
    Medium,

    /// <summary>To be looked at promptly.</summary>
    High,

    /// <summary>Indicates an incident.</summary>
    Critical,
}
