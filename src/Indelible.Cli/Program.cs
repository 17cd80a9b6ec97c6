using System.CommandLine;
using Indelible.Cli;
using Indelible.Cli.Commands;

var root = new RootCommand("Indelible: an immutable audit log whose records anybody can verify.")
{
    InitCommand.Make(),
    ServeCommand.Make(),
    LogsCommand.Make(),
    KeysCommand.Make(),
    AppendCommand.Make(),
    SearchCommand.Make(),
    TailCommand.Make(),
    ShowCommand.Make(),
    VerifyCommand.Make(),
    ExportCommand.Make(),
    ImportCommand.Make(),
    DemoCommand.Make(),
    BenchCommand.Make(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    Console.Error.WriteLine($"Try 'indelible {parsed.CommandResult.Command.Name} --help'.");
    return ExitCode.Usage;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
