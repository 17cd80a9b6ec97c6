using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;

namespace Indelible.Server.Access;

/// <summary>A caller who was let in to a log.</summary>
/// <param name="Caller">Who.</param>
/// <param name="Log">The log.</param>
/// <param name="Access">What he may do with it.</param>
internal sealed record Admission(Caller Caller, LogReader Log, LogAccess Access)
{
    /// <summary>The log's entries, as he sees them where he does this.</summary>
    /// <param name="right">What he does.</param>
    /// <param name="turns">See <see cref="VisibleEntries"/>.</param>
    /// <param name="indexes">See <see cref="VisibleEntries"/>.</param>
    public VisibleEntries EntriesFor(Rights right, ScanTurns? turns = null, LogIndexes? indexes = null) => new(Log, Access.SightsFor(right), turns, indexes);
}
