using Indelible.Fuzz.Targets;
using SharpFuzz;

namespace Indelible.Fuzz.Driving;

/// <summary><c>afl TARGET</c>: gives a target what afl-fuzz sends, in assemblies that <c>sharpfuzz</c> has instrumented.</summary>
/// <remarks>What is mended is run as well, so that coverage leads behind the digests too.</remarks>
internal static class CoverageCommand
{
    public static int Run(string name)
    {
        // Instrumented code counts into memory that afl-fuzz shares and that is there in the callback only: nothing of ours may run before.
        FuzzTarget? target = null;
        Fuzzer.OutOfProcess.Run(stream =>
        {
            target ??= FuzzTargets.Find(name) ?? throw new ArgumentException($"There is no target {name}.", nameof(name));
            using var input = new MemoryStream();
            stream.CopyTo(input);
            target.Run(input.ToArray());
            if (target.Mend is { } mend)
            {
                target.Run(mend(input.ToArray()));
            }
        });
        return 0;
    }
}
