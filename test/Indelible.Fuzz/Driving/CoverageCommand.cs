using Indelible.Fuzz.Targets;
using SharpFuzz;

namespace Indelible.Fuzz.Driving;

/// <summary><c>afl TARGET</c>: gives a target what afl-fuzz sends, in assemblies that <c>sharpfuzz</c> has instrumented.</summary>
/// <remarks>What is mended is run as well, so that coverage leads behind the digests too.</remarks>
internal static class CoverageCommand
{
    public static int Run(string name)
    {
        if (FuzzTargets.Find(name) is not { } target)
        {
            Console.Error.WriteLine($"There is no target {name}.");
            return 2;
        }

        Fuzzer.OutOfProcess.Run(stream =>
        {
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
