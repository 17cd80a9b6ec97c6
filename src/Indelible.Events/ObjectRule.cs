namespace Indelible.Events;

/// <summary>The members that the schema knows at one level, found by name without allocating.</summary>
internal sealed class ObjectRule
{
    private const int Slots = 128;

    // Open addressing over a hash of length, first and last byte: slots hold 1 + the rule's number.
    private readonly byte[] _slots = new byte[Slots];

    public ObjectRule(FieldRule[] rules)
    {
        Rules = rules;
        for (int i = 0; i < rules.Length; i++)
        {
            int slot = Slot(rules[i].Name);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) % Slots;
            }

            _slots[slot] = (byte)(i + 1);
            Required |= rules[i].IsRequired ? 1UL << i : 0;
        }
    }

    /// <summary>At most 64, so that those seen fit one word.</summary>
    public FieldRule[] Rules { get; }

    /// <summary>The bits of the rules whose members must be there.</summary>
    public ulong Required { get; }

    /// <summary>The number of the rule for a name, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return -1;
        }

        for (int slot = Slot(name); _slots[slot] != 0; slot = (slot + 1) % Slots)
        {
            int rule = _slots[slot] - 1;
            if (name.SequenceEqual(Rules[rule].Name))
            {
                return rule;
            }
        }

        return -1;
    }

    private static int Slot(ReadOnlySpan<byte> name) => ((name.Length * 37) + (name[0] * 5) + name[^1]) % Slots;
}
