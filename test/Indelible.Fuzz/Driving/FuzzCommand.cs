using System.Globalization;
using System.Security.Cryptography;
using Indelible.Fuzz.Targets;

namespace Indelible.Fuzz.Driving;

/// <summary><c>fuzz</c>: runs targets for long, prints a line for each, and keeps the inputs that break a promise.</summary>
/// <remarks>
/// <code>
/// fuzz list
/// fuzz run TARGET|all EXECUTIONS SEED FOLDER     executions of a fast target; slow ones get their part
/// fuzz again TARGET FILE                          one input, as found
/// fuzz seeds TARGET FOLDER                        the inputs to begin with, as files
/// </code>
/// </remarks>
internal static class FuzzCommand
{
    private const int StuckSeconds = 20;

    public static int Run(string[] args)
    {
        switch (args)
        {
            case ["list"]:
                foreach (FuzzTarget target in FuzzTargets.All)
                {
                    Console.WriteLine($"{target.Name,-20} {target.Property}");
                }

                return 0;
            case ["run", var name, var executions, var seed, var folder]
                when (name == "all" || FuzzTargets.Find(name) is not null)
                && long.TryParse(executions, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                && ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number):
                IEnumerable<FuzzTarget> targets = name == "all" ? FuzzTargets.All : [FuzzTargets.Find(name)!];
                bool[] kept = [.. targets.Select(target => RunTarget(target, name == "all" ? Math.Max(1, count / target.Slowness) : count, number, folder))];
                return kept.All(held => held) ? 0 : 1;
            case ["again", var name, var file] when FuzzTargets.Find(name) is { } target:
                Exception? exception = FuzzRun.Try(target, File.ReadAllBytes(file), out bool accepted);
                Console.WriteLine(exception?.ToString() ?? (accepted ? "Accepted; the promise holds." : "Refused, as it may be."));
                return exception is null ? 0 : 1;
            case ["seeds", var name, var folder] when FuzzTargets.Find(name) is { } target:
                Directory.CreateDirectory(folder);
                int at = 0;
                foreach (byte[] bytes in target.Seeds())
                {
                    File.WriteAllBytes(Path.Combine(folder, (at++).ToString("D3", CultureInfo.InvariantCulture)), bytes);
                }

                return 0;
            default:
                Console.Error.WriteLine("fuzz list | fuzz run TARGET|all EXECUTIONS SEED FOLDER | fuzz again TARGET FILE | fuzz seeds TARGET FOLDER");
                return 2;
        }
    }

    private static bool RunTarget(FuzzTarget target, long executions, ulong seed, string folder)
    {
        const int Step = 10_000;
        var run = new FuzzRun(target, seed);
        long started = TimeProvider.System.GetTimestamp();
        Find? find = null;
        (long Executions, byte[] Input) seen = (-1, []);

        // An input that never ends would otherwise say nothing at all.
        using ITimer watcher = TimeProvider.System.CreateTimer(
            _ =>
            {
                (long, byte[]) now = (run.Executions, run.Input);
                if (now.Item1 == seen.Executions && ReferenceEquals(now.Item2, seen.Input))
                {
                    Console.WriteLine($"{target.Name}: execution {now.Item1} takes more than {StuckSeconds} s; its input is {Keep(target, now.Item2, folder)}");
                    Environment.Exit(3);
                }

                seen = now;
            },
            null,
            TimeSpan.FromSeconds(StuckSeconds),
            TimeSpan.FromSeconds(StuckSeconds));
        while (find is null && run.Executions < executions)
        {
            find = run.Run(Math.Min(Step, executions - run.Executions));
        }

        double seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name,-20} {run.Executions,11} executions, seed {seed}, {run.Executions / Math.Max(seconds, 0.001),9:F0}/s, {100.0 * run.Accepted / Math.Max(1, run.Executions),4:F1}% accepted, {(find is null ? "0 finds" : "1 find")}"));
        if (find is null)
        {
            return true;
        }

        Console.WriteLine($"  execution {find.Execution}: {find.Exception}");
        Console.WriteLine($"  input: {Keep(target, find.Input, folder)}");
        return false;
    }

    private static string Keep(FuzzTarget target, byte[] input, string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 6))}");
        File.WriteAllBytes(path, input);
        return path;
    }
}
