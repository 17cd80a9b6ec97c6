namespace Indelible.Cli;

/// <summary>What the command's exit code says, for all commands.</summary>
internal static class ExitCode
{
    /// <summary>Done; of a verification: valid.</summary>
    public const int Done = 0;

    /// <summary>Of a verification: not valid.</summary>
    public const int NotValid = 1;

    /// <summary>Wrong usage or input, or refused.</summary>
    public const int Usage = 2;

    /// <summary>It could not be told: a server that does not answer, something missing to check against.</summary>
    public const int CouldNotTell = 3;
}
