using Indelible.Server.Problems;

namespace Indelible.Server.Limits;

/// <summary>The memory that one request's body takes, as received and as decoded.</summary>
/// <remarks>Bodies come as slowly as their senders like: without a bound, some hundred requests of one tenant would hold all memory.</remarks>
internal sealed class BodyRoom(SharedRoom bodies, string tenant) : IDisposable
{
    private SharedRoom.Part? _part;
    private long _bytes;

    /// <summary>Counts memory that is about to be taken. What a body has up to <see cref="ServerLimits.SmallBodyBytes"/> is not counted.</summary>
    /// <param name="bytes">How much more.</param>
    /// <exception cref="ProblemException">429: there is no room for it now.</exception>
    public void Take(int bytes)
    {
        _bytes += bytes;
        long counted = Math.Min(bytes, _bytes - ServerLimits.SmallBodyBytes);
        if (counted > 0 && !(_part is null ? bodies.TryTake(tenant, counted, out _part) : _part.TryGrow(counted)))
        {
            throw new ProblemException(Problem.Busy("bodies", $"Too many large requests are under way: at most {ServerLimits.BodiesBytesPerTenant} bytes of a tenant, fewer where others send too."));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _part?.Dispose();
}
