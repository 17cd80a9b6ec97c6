using System.CommandLine;
using Indelible.Cli;
using Indelible.Cli.Commands;

VisibleWriter.Install();
var root = new RootCommand("Indelible: an immutable audit log whose records anybody can verify.")
{
    InitCommand.Make(),
    BackupCommand.Make(),
    RestoreCommand.Make(),
    ServeCommand.Make(),
    LogsCommand.Make(),
    KeysCommand.Make(),
    AppendCommand.Make(),
    SearchCommand.Make(),
    TailCommand.Make(),
    SourcesCommand.Make(),
    ShowCommand.Make(),
    VerifyCommand.Make(),
    ExportCommand.Make(),
    ImportCommand.Make(),
    DemoCommand.Make(),
    BenchCommand.Make(),
    SpoolCommand.Make(),
    GatewayCommand.Make(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine(Terminal.Clean(error.Message));
    }

    string command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
    Console.Error.WriteLine($"Try 'indelible {command}--help'.");
    return ExitCode.Usage;
}

if (parsed.Action is System.CommandLine.Help.HelpAction)
{
    // Help names the program after its assembly, which cannot be called as the command is.
    using var help = new StringWriter();
    int shown = await parsed.InvokeAsync(new InvocationConfiguration { Output = help });
    Console.Write(help.ToString().Replace(typeof(ExitCode).Assembly.GetName().Name!, "indelible", StringComparison.Ordinal));
    return shown;
}

try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (Exception e)
{
    // Whatever was asked, it has not been answered; above all, nothing was found valid.
    Console.Error.WriteLine(Terminal.Clean(e is IOException or UnauthorizedAccessException ? e.Message : $"An unexpected failure: {e.Message}"));
    return ExitCode.CouldNotTell;
}
