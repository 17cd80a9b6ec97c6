using Indelible.Fuzz.Driving;

// The fuzzer where it is asked for, else the tests: one program, so that both run the same targets.
return args switch
{
    ["fuzz", .. var rest] => FuzzCommand.Run(rest),
    ["afl", var name] => CoverageCommand.Run(name),
    _ => Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult(),
};
