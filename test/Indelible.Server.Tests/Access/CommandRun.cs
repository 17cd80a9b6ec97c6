using System.CommandLine;
using Indelible.Cli.Commands;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>The command <c>indelible</c>, run in this process. What it prints is the process's: tests that run it are of <see cref="CastCollection"/>.</summary>
internal static class CommandRun
{
    /// <summary>Runs it.</summary>
    /// <returns>What it ended with, and all that it printed.</returns>
    public static async Task<(int Code, string Printed)> RunAsync(IReadOnlyList<string> arguments)
    {
        ParseResult parsed = IndelibleCommand.Make().Parse(arguments);
        Assert.Empty(parsed.Errors);
        using var printed = new StringWriter();
        TextWriter output = Console.Out;
        TextWriter errors = Console.Error;
        Console.SetOut(printed);
        Console.SetError(printed);
        try
        {
            int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, TestContext.Current.CancellationToken);
            return (code, printed.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }
}
