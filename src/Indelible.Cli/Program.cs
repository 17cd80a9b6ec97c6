using System.CommandLine;
using Indelible.Cli;
using Indelible.Cli.Commands;
using Indelible.Server.Secrets;

VisibleWriter.Install();
RootCommand root = IndelibleCommand.Make();

// One hyphen before a word excludes it from a search: -quota is not -q with a value.
ParseResult parsed = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false });
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
catch (SecretNotFoundException e)
{
    return CommandOptions.Fail(e.Message);
}
catch (Exception e)
{
    // Whatever was asked, it has not been answered; above all, nothing was found valid.
    Console.Error.WriteLine(Terminal.Clean(e is IOException or UnauthorizedAccessException ? e.Message : $"An unexpected failure: {e.Message}"));
    return ExitCode.CouldNotTell;
}
