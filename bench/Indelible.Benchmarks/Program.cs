using System.CommandLine;
using Indelible.Benchmarks;

var rounds = new Option<int>("--rounds") { Description = "Rounds; each measures everything once, and medians are taken", DefaultValueFactory = _ => 3 };
var seconds = new Option<double>("--seconds") { Description = "How long each rate is measured in each round", DefaultValueFactory = _ => 4 };
var entries = new Option<int>("--entries") { Description = "Entries of the log that is verified and restarted, and of the one that rules are run over", DefaultValueFactory = _ => 327_680 };
var server = new Option<string>("--indelible") { Description = "The built command `indelible`, for the server", Required = true };
var folder = new Option<string>("--folder") { Description = "Where temporary data goes; its disk is what is measured", DefaultValueFactory = _ => Path.GetTempPath() };
var output = new Option<string?>("--output") { Description = "A file that receives the tables as well" };
var only = new Option<string[]>("--only") { Description = "Parts to run: http, engine, client, verify, size, budget, sqlite, postgres, aspnetcore, gateway, fairness, access, index, detection, backtest, alarm, restart", DefaultValueFactory = _ => Suite.Parts, AllowMultipleArgumentsPerToken = true };
var root = new RootCommand("Measures Indelible and its peers in one run, alternating, and prints medians and ratios as markdown.") { rounds, seconds, entries, server, folder, output, only };
root.SetAction(async (parsed, cancel) =>
{
    var plan = new SuitePlan(
        parsed.GetValue(rounds),
        TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        parsed.GetValue(entries),
        Path.GetFullPath(parsed.GetValue(server)!),
        Path.Combine(parsed.GetValue(folder)!, $"indelible-bench-{Environment.ProcessId}"),
        parsed.GetValue(only)!);
    string report = await new Suite(plan).RunAsync(cancel);
    Console.WriteLine(report);
    if (parsed.GetValue(output) is { } path)
    {
        await File.WriteAllTextAsync(path, report, cancel);
    }

    return 0;
});
return await root.Parse(args).InvokeAsync();
