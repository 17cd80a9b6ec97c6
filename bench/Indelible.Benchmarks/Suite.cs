using System.Globalization;

namespace Indelible.Benchmarks;

/// <summary>What a run does.</summary>
/// <param name="Rounds">How often everything is measured.</param>
/// <param name="Duration">How long each rate is measured.</param>
/// <param name="Entries">Entries of the log that is verified and restarted.</param>
/// <param name="Command">The built command, for the server.</param>
/// <param name="Folder">Temporary; removed at the end.</param>
/// <param name="Parts">Which parts to run.</param>
internal sealed record SuitePlan(int Rounds, TimeSpan Duration, int Entries, string Command, string Folder, IReadOnlyList<string> Parts);

/// <summary>Measures everything in turn, several times over: figures of one run can be compared, those of different hours cannot.</summary>
internal sealed class Suite(SuitePlan plan)
{
    /// <summary>The parts, by name.</summary>
    public static readonly string[] Parts = ["http", "engine", "client", "verify", "size", "budget", "sqlite", "postgres", "aspnetcore", "gateway", "fairness", "access", "index", "detection", "backtest", "alarm", "restart"];

    private static readonly (string Ours, string Theirs)[] s_ratios =
    [
        (HttpPart.Single(1), PostgresPeer.Single(1)),
        (HttpPart.Single(16), PostgresPeer.Single(16)),
        (HttpPart.Single(64), PostgresPeer.Single(64)),
        (HttpPart.Single(64), PostgresPeer.Chain),
        (HttpPart.Batches, PostgresPeer.Copy),
        (EnginePart.Single, SqlitePeer.Single),
        (EnginePart.Batches, SqlitePeer.Batches),
        (ClientPart.Spooled, ClientPart.Serilog),
        (GatewayPart.Ours, GatewayPart.Bare),
    ];

    /// <summary>Runs the plan.</summary>
    /// <returns>The tables, as markdown.</returns>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var results = new Results();
        Directory.CreateDirectory(plan.Folder);
        var parts = new List<IMeasuredPart>();
        try
        {
            foreach (string part in plan.Parts)
            {
                parts.Add(await OpenAsync(part, results, cancellationToken));
            }

            for (int round = 0; round < plan.Rounds; round++)
            {
                Console.Error.WriteLine($"round {round + 1} of {plan.Rounds}");
                foreach (IMeasuredPart part in parts)
                {
                    await part.MeasureAsync(results, cancellationToken);
                }
            }
        }
        finally
        {
            foreach (IMeasuredPart part in Enumerable.Reverse(parts))
            {
                await part.DisposeAsync();
            }

            Directory.Delete(plan.Folder, recursive: true);
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"## Measured\n\n{results.Table()}\n## Against the peers, in the same run\n\n{results.Ratios(s_ratios)}\n## Remarks\n\n- {plan.Rounds} rounds, {plan.Duration.TotalSeconds:0.#} s for each rate, {Environment.ProcessorCount} processors, generator and server on the same machine.\n{results.Notes()}");
    }

    private async Task<IMeasuredPart> OpenAsync(string part, Results results, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(plan.Folder, part);
        return part switch
        {
            "http" => await HttpPart.OpenAsync(plan, folder, cancellationToken),
            "engine" => await EnginePart.OpenAsync(plan, folder, cancellationToken),
            "client" => new ClientPart(plan, folder),
            "verify" => await VerifyPart.OpenAsync(plan, folder, cancellationToken),
            "size" => new SizePart(folder),
            "budget" => new BudgetPart(plan),
            "sqlite" => new SqlitePeer(plan, folder),
            "postgres" => await PostgresPeer.OpenAsync(plan, folder, results, cancellationToken),
            "aspnetcore" => await AspNetCorePart.OpenAsync(plan, folder),
            "fairness" => await FairnessPart.OpenAsync(plan, folder, cancellationToken),
            "gateway" => await GatewayPart.OpenAsync(plan, folder),
            "index" => new IndexPart(plan, folder),
            "detection" => new DetectionPart(plan),
            "backtest" => await BacktestPart.OpenAsync(plan, folder, cancellationToken),
            "alarm" => await AlarmPart.OpenAsync(plan, folder, cancellationToken),
            "restart" => await RestartPart.OpenAsync(plan, folder, cancellationToken),
            "access" => await AccessPart.OpenAsync(plan, folder, cancellationToken),
            _ => throw new ArgumentException($"There is no part {part}; they are {string.Join(", ", Parts)}."),
        };
    }
}

/// <summary>Something that is measured once in every round.</summary>
internal interface IMeasuredPart : IAsyncDisposable
{
    /// <summary>Measures once.</summary>
    Task MeasureAsync(Results results, CancellationToken cancellationToken);
}
