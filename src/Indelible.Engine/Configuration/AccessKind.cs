namespace Indelible.Engine.Configuration;

/// <summary>What somebody read of a log.</summary>
public enum AccessKind
{
    /// <summary>A page of a search.</summary>
    Search,

    /// <summary>Counts over time and by value.</summary>
    Count,

    /// <summary>One entry.</summary>
    View,

    /// <summary>Entries as they arrive.</summary>
    Tail,

    /// <summary>Entries in bulk.</summary>
    Export,
}
