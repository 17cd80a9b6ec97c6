using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Indelible.Simulation.Faults;

/// <summary>Every step of a fixed piece of a node's life, each spoiled in every way, and what came of it.</summary>
internal sealed class CrashTable
{
    private readonly List<string> _order = [];                                                        // step names as they come first
    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Step, DiskFault Fault), ConcurrentDictionary<string, bool>> _outcomes = new();
    private readonly ConcurrentQueue<string> _broken = new();
    private readonly IReadOnlyList<(DiskFault Fault, string Title)> _columns;

    private CrashTable(IReadOnlyList<(DiskFault Fault, string Title)> columns)
    {
        _columns = columns;
    }

    /// <summary>What can be wrong with a step that changes something.</summary>
    public static IReadOnlyList<(DiskFault Fault, string Title)> OfChanges { get; } =
    [
        (DiskFault.Fails, "fails"), (DiskFault.FailsButPersists, "fails, but was done"), (DiskFault.CrashBefore, "crash before"), (DiskFault.CrashAfter, "crash after"),
    ];

    /// <summary>What can be wrong with a look.</summary>
    public static IReadOnlyList<(DiskFault Fault, string Title)> OfReads { get; } = [(DiskFault.Fails, "fails")];

    /// <summary>Lives that were lived.</summary>
    public int Runs { get; private set; }

    /// <summary>What did not hold: fault, step and failure.</summary>
    public IReadOnlyCollection<string> Broken => _broken;

    /// <summary>Spoils <paramref name="steps"/>, one in each run.</summary>
    /// <param name="columns">The faults that the table shows.</param>
    /// <param name="steps">Operations of a run in which nothing fails.</param>
    /// <param name="tryAsync">Runs with one fault, checks everything that was promised, and says what came of it.</param>
    public static async Task<CrashTable> MakeAsync(
        IReadOnlyList<(DiskFault Fault, string Title)> columns, IReadOnlyList<DiskOperation> steps, Func<DiskOperation, DiskFault, Task<string>> tryAsync)
    {
        var table = new CrashTable(columns);
        foreach (DiskOperation step in steps)
        {
            table.Count(StepName.Of(step));
        }

        var cases = steps.SelectMany(step => table.FaultsOf(step).Select(fault => (Step: step, Fault: fault))).ToArray();
        table.Runs = cases.Length;
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (item, _) =>
        {
            try
            {
                string outcome = await tryAsync(item.Step, item.Fault);
                table._outcomes.GetOrAdd((StepName.Of(item.Step), item.Fault), _ => new ConcurrentDictionary<string, bool>(StringComparer.Ordinal)).TryAdd(outcome, true);
            }
            catch (Exception e)
            {
                table._broken.Enqueue($"{item.Fault} of {item.Step}: {e}");
            }
        });
        return table;
    }

    /// <summary>The table as it stands in the documents.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| step | times |").AppendJoin("", _columns.Select(column => $" {column.Title} |"));
        text.Append("\n|---|---|").AppendJoin("", _columns.Select(_ => "---|")).Append('\n');
        foreach (string step in _order)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {step} | {_times[step]} |");
            foreach ((DiskFault fault, _) in _columns)
            {
                IEnumerable<string> found = _outcomes.TryGetValue((step, fault), out ConcurrentDictionary<string, bool>? seen) ? seen.Keys : ["**does not hold**"];
                text.Append(' ').AppendJoin("; ", found.Order(StringComparer.Ordinal)).Append(" |");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Besides the columns: half a write, a disk without room, pages lost by a failed sync. They have to hold as well, and come to what "fails" comes to.</summary>
    private IEnumerable<DiskFault> FaultsOf(DiskOperation step) => _columns.Select(column => column.Fault).Concat(step.Kind switch
    {
        DiskOperationKind.Write => [DiskFault.WritesShort, DiskFault.DiskFull],
        DiskOperationKind.Sync => [DiskFault.LosesPages],
        DiskOperationKind.Open => [DiskFault.TooManyFiles],
        _ => [],
    });

    private void Count(string step)
    {
        if (!_times.TryAdd(step, 1))
        {
            _times[step]++;
        }
        else
        {
            _order.Add(step);
        }
    }
}
