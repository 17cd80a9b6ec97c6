namespace Indelible.Fuzz.Driving;

/// <summary>An input that a target does not keep its promise for.</summary>
/// <param name="Input">The input.</param>
/// <param name="Execution">The number of the execution, counted from 0.</param>
/// <param name="Exception">What was thrown.</param>
internal sealed record Find(byte[] Input, long Execution, Exception Exception);

/// <summary>Runs a target over mutations of its seeds, the same ones each time for the same seed. Not thread-safe.</summary>
/// <remarks>
/// Inputs that the target accepts become material for further mutations, oldest out first: so a run gets deeper than mutations of the
/// first inputs would. Three mutations in four are mended, where the format has digests.
/// </remarks>
internal sealed class FuzzRun
{
    private const int MaterialKept = 512;

    private readonly FuzzTarget _target;
    private readonly Dice _dice;
    private readonly Mutator _mutator;
    private readonly List<byte[]> _material;
    private readonly int _seeds;
    private int _next;

    /// <summary>A run from its start.</summary>
    public FuzzRun(FuzzTarget target, ulong seed)
    {
        _target = target;
        _dice = new Dice(seed);
        _mutator = new Mutator(_dice, target.Words, target.MaxBytes);
        _material = [.. target.Seeds()];
        _seeds = _next = _material.Count;
    }

    /// <summary>How many inputs were run.</summary>
    public long Executions { get; private set; }

    /// <summary>How many of them the target accepted.</summary>
    public long Accepted { get; private set; }

    /// <summary>The input that is being run, for a watcher.</summary>
    public byte[] Input { get; private set; } = [];

    /// <summary>Runs so many inputs: the seeds first, as they are.</summary>
    /// <returns>The first find, which ends the run, or null.</returns>
    public Find? Run(long executions)
    {
        for (long i = 0; i < executions; i++)
        {
            byte[] input = Executions < _seeds ? _material[(int)Executions] : Mutation();
            Input = input;
            if (Try(_target, input, out bool accepted) is { } exception)
            {
                return new Find(input, Executions, exception);
            }

            Executions++;
            if (accepted)
            {
                Accepted++;
                Keep(input);
            }
        }

        return null;
    }

    /// <summary>Runs one input.</summary>
    /// <returns>What shows that the target does not keep its promise, or null.</returns>
    public static Exception? Try(FuzzTarget target, byte[] input, out bool accepted)
    {
        accepted = false;
        long taken;
        try
        {
            (accepted, taken) = Run(target, input);

            // The first input of a kind pays for what is made once for all: what it takes itself shows the second time.
            taken = taken <= target.MemoryBytes ? taken : Run(target, input).Taken;
        }
#pragma warning disable CA1031 // Whatever comes out of a parser here is what is looked for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }

        return taken <= target.MemoryBytes
            ? null
            : new PropertyBrokenException($"{input.Length} bytes made it take {taken} bytes of memory; {target.MemoryBytes} are allowed");
    }

    private static (bool Accepted, long Taken) Run(FuzzTarget target, byte[] input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool accepted = target.Run(input);
        return (accepted, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private byte[] Mutation()
    {
        byte[] input = _mutator.Mutate(_material[_dice.Below(_material.Count)], _material[_dice.Below(_material.Count)]);
        return _target.Mend is { } mend && !_dice.OneIn(4) ? mend(input) : input;
    }

    private void Keep(byte[] input)
    {
        if (Executions <= _seeds || !_dice.OneIn(4))
        {
            return;
        }

        if (_material.Count < _seeds + MaterialKept)
        {
            _material.Add(input);
            return;
        }

        _material[_next] = input;
        _next = _next + 1 == _material.Count ? _seeds : _next + 1;
    }
}
