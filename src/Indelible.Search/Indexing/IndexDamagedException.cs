namespace Indelible.Search;

/// <summary>An index file is not what it should be: damaged, of another version, or made of other entries. It is derived: throw it away and make it again.</summary>
/// <remarks>Thrown at opening, and by any question of a <see cref="ChunkIndex"/> that touches a damaged block for the first time. What was answered before holds.</remarks>
public sealed class IndexDamagedException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public IndexDamagedException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is wrong, and what showed it.</summary>
    public IndexDamagedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
