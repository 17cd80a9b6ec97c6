using System.Diagnostics.CodeAnalysis;

namespace Indelible.Engine.Sequencing;

/// <summary>Requests that wait for the sequencer, shared fairly between tenants: in who is let in, and in whose turn it is.</summary>
/// <remarks>
/// <para>
/// <b>Let in.</b> Up to the bound, anybody: who is alone may use all of it. Beyond the bound, up to twice it, only who has less waiting
/// than his share (the bound divided by the tenants who wait) or nothing at all. So whoever has filled the queue is refused, and the
/// others still get in. Pushing out what the noisiest has waiting was considered: it would need half the room, but refuses after the
/// work of preparing was done, and the caller has waited for it.
/// </para>
/// <para>
/// <b>Turns.</b> Deficit round robin (Shreedhar and Varghese, 1995): each turn brings a tenant credit for the cost of what it takes. A
/// tenant's own requests stay in order, and with them those of each log.
/// </para>
/// Not thread-safe: the sequencer's lock guards it.
/// </remarks>
/// <param name="mostEntries">The bound in entries.</param>
/// <param name="mostBytes">The bound in bytes of entries.</param>
internal sealed class FairQueue(int mostEntries, long mostBytes)
{
    // What an entry costs besides its bytes. A group is full with so many entries or so many bytes: the two weigh the same.
    private const int EntryCost = EngineLimits.GroupBytes / EngineLimits.GroupEntries;

    // Credit of a turn: an entry of any size is within it, and a group has room for 500 turns.
    private const long TurnCredit = 65_536;

    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);   // those with something waiting
    private readonly Queue<Tenant> _turns = new();                                        // the same; whose turn it is comes first
    private long _bytes;

    /// <summary>Entries that wait.</summary>
    public int Entries { get; private set; }

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => _turns.Count == 0;

    /// <summary>Lets a request wait, if there is room for it.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool TryAdd(AppendRequest request)
    {
        Tenant? tenant = _tenants.GetValueOrDefault(request.Log.Tenant);
        if (!IsRoom(request, tenant))
        {
            return false;
        }

        if (tenant is null)
        {
            tenant = new Tenant(request.Log.Tenant);
            _tenants.Add(tenant.Name, tenant);
            _turns.Enqueue(tenant);
        }

        tenant.Waiting.Enqueue(request);
        Count(tenant, request.Entries.Count, request.Bytes);
        return true;
    }

    /// <summary>Takes the next request, if one waits.</summary>
    public bool TryTake([NotNullWhen(true)] out AppendRequest? request)
    {
        while (_turns.TryPeek(out Tenant? tenant))
        {
            request = tenant.Waiting.Peek();
            long cost = request.Bytes + ((long)request.Entries.Count * EntryCost);
            if (cost > tenant.Credit)
            {
                _turns.Enqueue(_turns.Dequeue());
                tenant.Credit += TurnCredit;
                continue;
            }

            tenant.Credit -= cost;
            tenant.Waiting.Dequeue();
            Count(tenant, -request.Entries.Count, -request.Bytes);
            if (tenant.Waiting.Count == 0)
            {
                // Credit is not saved up by waiting for nothing.
                _turns.Dequeue();
                _tenants.Remove(tenant.Name);
            }

            return true;
        }

        request = null;
        return false;
    }

    private bool IsRoom(AppendRequest request, Tenant? tenant)
    {
        if (Entries + request.Entries.Count <= mostEntries && _bytes + request.Bytes <= mostBytes)
        {
            return true;
        }

        if (Entries >= 2 * mostEntries || _bytes >= 2 * mostBytes)
        {
            return false;
        }

        // Who has nothing waiting is let in whatever the size: it must be possible to send the largest batch.
        int tenants = _tenants.Count;
        return tenant is null
            || (tenant.Entries + request.Entries.Count <= mostEntries / tenants && tenant.Bytes + request.Bytes <= mostBytes / tenants);
    }

    private void Count(Tenant tenant, int entries, long bytes)
    {
        tenant.Entries += entries;
        tenant.Bytes += bytes;
        Entries += entries;
        _bytes += bytes;
    }

    /// <summary>What one tenant has waiting.</summary>
    private sealed class Tenant(string name)
    {
        public string Name { get; } = name;

        public Queue<AppendRequest> Waiting { get; } = new();

        public int Entries { get; set; }

        public long Bytes { get; set; }

        public long Credit { get; set; } = TurnCredit;
    }
}
