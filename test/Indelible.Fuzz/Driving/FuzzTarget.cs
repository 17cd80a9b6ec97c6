namespace Indelible.Fuzz.Driving;

/// <summary>A parser of foreign bytes, and what must hold whatever the bytes are.</summary>
/// <param name="Name">Its name on the command line: lower-case words with hyphens.</param>
/// <param name="Property">What it promises, in one sentence.</param>
/// <param name="Run">
/// Gives the parser one input and checks the promise; true where the input was accepted. Whatever it throws is a find: the exceptions
/// that the parser documents are caught here.
/// </param>
/// <param name="Seeds">Inputs to begin with, made by the project's own writers or from the published vectors.</param>
internal sealed record FuzzTarget(string Name, string Property, Func<byte[], bool> Run, Func<IEnumerable<byte[]>> Seeds)
{
    /// <summary>Makes checksums and digests fit again, so that a mutation gets past them; null where the format has none.</summary>
    public Func<byte[], byte[]>? Mend { get; init; }

    /// <summary>Words of the format, to be put in anywhere.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The longest input, in bytes.</summary>
    public int MaxBytes { get; init; } = 4096;

    /// <summary>
    /// The memory that one run may take, in bytes: far above what it needs, far below what a count or length that is believed can ask for.
    /// </summary>
    public long MemoryBytes { get; init; } = 4 << 20;

    /// <summary>How much slower it is than the fast ones: the executions asked for are divided by this.</summary>
    public int Slowness { get; init; } = 1;

    public override string ToString() => Name;
}
