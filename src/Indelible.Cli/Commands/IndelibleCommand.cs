using System.CommandLine;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible</c>: every command that there is.</summary>
internal static class IndelibleCommand
{
    public static RootCommand Make() => new("Indelible: an immutable audit log whose records anybody can verify.")
    {
        InitCommand.Make(),
        BackupCommand.Make(),
        RestoreCommand.Make(),
        ServeCommand.Make(),
        IndexCommand.Make(),
        LogsCommand.Make(),
        KeysCommand.Make(),
        PrincipalsCommand.Make(),
        GrantsCommand.Make(),
        AccessCommand.Make(),
        AccessCommand.MakeWhoAmI(),
        AccessCommand.MakeBreakGlass(),
        AppendCommand.Make(),
        SearchCommand.Make(),
        TailCommand.Make(),
        CountsCommand.Make(),
        SourcesCommand.Make(),
        ShowCommand.Make(),
        ContextCommand.Make(),
        EntityCommand.Make(),
        VerifyCommand.Make(),
        ExportCommand.Make(),
        ImportCommand.Make(),
        DemoCommand.Make(),
        BenchCommand.Make(),
        RulesCommand.Make(),
        AlertsCommand.Make(),
        NotifyCommand.Make(),
        StreamsCommand.Make(),
        SpoolCommand.Make(),
        GatewayCommand.Make(),
    };
}
