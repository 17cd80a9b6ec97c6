namespace Indelible.Events.Producing;

/// <summary>How sensitive a target is.</summary>
public enum Classification
{
    /// <summary>For everybody.</summary>
    Public,

    /// <summary>For the organisation.</summary>
    Internal,

    /// <summary>For those who need it.</summary>
    Confidential,

    /// <summary>For the few who are named.</summary>
    Restricted,

    /// <summary>Personal data.</summary>
    Pii,

    /// <summary>Health data.</summary>
    Phi,

    /// <summary>Card data.</summary>
    Pci,
}
