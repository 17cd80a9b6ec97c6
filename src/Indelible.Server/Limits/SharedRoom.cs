using System.Diagnostics.CodeAnalysis;

namespace Indelible.Server.Limits;

/// <summary>Something that a node has so much of, and that several share: so much for all, and so much for each. Thread-safe.</summary>
/// <remarks>As in the sequencer's queue: beyond what there is for all, up to twice as much, who has less than his share or nothing is let in, so that a few who hold all of it do not shut out the rest.</remarks>
/// <param name="forAll">How much there is.</param>
/// <param name="forEach">How much of it one may have.</param>
internal sealed class SharedRoom(long forAll, long forEach)
{
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);   // by its own lock; nobody is in it with 0
    private long _all;                                                               // as above

    /// <summary>How much is held.</summary>
    public long Held
    {
        get
        {
            lock (_held)
            {
                return _all;
            }
        }
    }

    /// <summary>Takes a part, if there is room.</summary>
    /// <param name="who">Who takes it.</param>
    /// <param name="amount">How much.</param>
    /// <param name="part">Given back when disposed.</param>
    public bool TryTake(string who, long amount, [NotNullWhen(true)] out Part? part)
    {
        var taken = new Part(this, who);
        part = taken.TryGrow(amount) ? taken : null;
        return part is not null;
    }

    private bool TryAdd(string who, long amount)
    {
        lock (_held)
        {
            long his = _held.GetValueOrDefault(who);
            bool isBelowShare = his == 0 || his + amount <= forAll / _held.Count;
            if (his + amount > forEach || _all + amount > (isBelowShare ? 2 * forAll : forAll))
            {
                return false;
            }

            _held[who] = his + amount;
            _all += amount;
            return true;
        }
    }

    private void Remove(string who, long amount)
    {
        lock (_held)
        {
            _all -= amount;
            if ((_held[who] -= amount) == 0)
            {
                _held.Remove(who);
            }
        }
    }

    /// <summary>What one request holds of it. For one thread at a time.</summary>
    internal sealed class Part(SharedRoom room, string who) : IDisposable
    {
        private long _amount;

        /// <summary>Takes more, if there is room.</summary>
        public bool TryGrow(long amount)
        {
            bool isTaken = room.TryAdd(who, amount);
            _amount += isTaken ? amount : 0;
            return isTaken;
        }

        /// <summary>Gives all of it back; again is nothing.</summary>
        public void Dispose()
        {
            if (_amount > 0)
            {
                room.Remove(who, _amount);
                _amount = 0;
            }
        }
    }
}
