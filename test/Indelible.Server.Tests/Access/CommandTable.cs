namespace Indelible.Server.Tests.Access;

/// <summary>The commands that talk to a server: by which doors, and what they need.</summary>
/// <remarks>
/// A line: command | doors, each once | a credential that suffices (part/reach of <see cref="Cast"/>) | one that does not | arguments, or <c>-</c> where it is run elsewhere: the reason.
/// </remarks>
internal static class CommandTable
{
    private const string Text = """
        logs             | GET /api/logs                                                    | reader/log   | unknown       |
        logs create      | POST /api/logs                                                   | admin/tenant | admin/log     | acme.NEW
        keys create      | POST /api/keys                                                   | admin/log    | auditor/node  | --kind reader --log LOG
        keys list        | GET /api/keys                                                    | auditor/log  | reader/node   |
        keys revoke      | DELETE /api/keys/{id}                                            | admin/tenant | admin/log     | KEY
        keys replace     | POST /api/keys/{id}/replace                                      | admin/tenant | admin/log     | KEY --overlap 0s
        keys rotate      | POST /api/logs/{log}/rotate                                      | custodian/log | admin/node   | --log LOG
        principals create | POST /api/principals                                            | admin/tenant | admin/log     | acme/NEW --kind service
        principals list  | GET /api/principals                                              | auditor/log  | reader/node   |
        principals disable | POST /api/principals/disable/{**name}                          | admin/tenant | admin/log     | PRINCIPAL
        principals enable | POST /api/principals/enable/{**name}                            | admin/tenant | admin/log     | PRINCIPAL
        grants create    | POST /api/grants                                                 | admin/tenant | auditor/node  | --principal PRINCIPAL --role reader --log LOG
        grants list      | GET /api/grants                                                  | auditor/log  | reader/node   |
        grants revoke    | DELETE /api/grants/{id}                                          | admin/tenant | admin/log     | GRANT
        access           | GET /api/access                                                  | auditor/log  | reader/node   | --log LOG
        whoami           | GET /api/me                                                      | writer/log   | unknown       |
        break-glass      | POST /api/break-glass                                            | glass/node   | admin/node    | - a key behind glass is good once: DoorTests
        append           | POST /api/logs/{log}/events                                      | writer/log   | reader/node   | EVENTS --log LOG
        search           | GET /api/logs/{log}/events                                       | rows/log     | writer/node   | --log LOG outcome:success
        tail             | GET /api/logs/{log}/tail                                         | analyst/log  | auditor/node  | --log LOG
        counts           | GET /api/logs/{log}/counts                                       | rows/log     | writer/node   | --log LOG --by action
        rules test       | POST /api/logs/{log}/backtest                                   | rows/log     | writer/node   | mass-read --log LOG
        sources          | GET /api/logs/{log}/sources                                      | hidden/log   | rows/node     | --log LOG
        sources expect   | PUT /api/logs/{log}/sources/expected/{name}                      | admin/log    | auditor/node  | NEW --every 60s --service billing --log LOG
        sources forget   | DELETE /api/logs/{log}/sources/expected/{name}                   | admin/log    | reader/node   | SOURCE --log LOG
        show             | GET /api/logs/{log}/events/{index:long}, GET /api/logs/{log}/events/{index:long}/proof | officer/log | hidden/log | 0 --log LOG --clear --entry FILE --proof FILE
        context          | GET /api/logs/{log}/events/{index:long}/context                  | rows/log     | writer/log    | 0 --log LOG --window 10m
        entity           | GET /api/logs/{log}/entities/{kind}/{**id}                       | officer/log  | hidden/log    | ip 192.0.2.1 --log LOG
        rules list       | GET /api/rules                                                   | auditor/log  | reader/node   |
        rules reload     | POST /api/rules/reload                                           | admin/node   | auditor/node  |
        alerts           | GET /api/alerts                                                  | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts show      | GET /api/alerts/{id}                                             | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts acknowledge | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts assign    | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts comment   | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts close     | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts reopen    | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts suppress  | POST /api/alerts/{id}/{step}                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts suppressions | GET /api/alerts/suppressions                                     | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts suppressions add | POST /api/alerts/suppressions                                    | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        alerts suppressions end | DELETE /api/alerts/suppressions/{id}                             | reader/node | writer/log | - nobody of the cast reads _alerts: AlertLifeTests
        notify list      | GET /api/notifications                                           | admin/node   | admin/tenant  |
        notify dead      | GET /api/notifications/dead                                      | admin/node   | auditor/node  |
        notify test      | POST /api/notifications/{destination}/test                       | admin/node   | admin/tenant  | - the cast has no destinations: NotifyCommandTests
        notify retry     | POST /api/notifications/dead/{id}/retry                          | admin/node   | admin/tenant  | - the cast has no destinations: NotifyCommandTests
        notify drop      | DELETE /api/notifications/dead/{id}                              | admin/node   | admin/tenant  | - the cast has no destinations: NotifyCommandTests
        streams list     | GET /api/streams                                                 | admin/node   | auditor/node  |
        streams replay   | POST /api/streams/{name}/replay                                  | admin/node   | admin/tenant  | - the cast has no stream: StreamsCommandTests
        streams pause    | POST /api/streams/{name}/pause                                   | admin/node   | admin/tenant  | - the cast has no stream: StreamsCommandTests
        streams resume   | POST /api/streams/{name}/resume                                  | admin/node   | admin/tenant  | - the cast has no stream: StreamsCommandTests
        verify           | GET /logs/{log}/checkpoint, GET /logs/{log}/handovers, GET /logs/{log}/tile/{**path}        | asked/log    | analyst/log   | --url URL/logs/LOG --vkey VKEY
        export           | GET /api/logs/{log}/export, GET /api/logs/{log}/exports/{id}     | rows/log     | analyst/log   | --log LOG --proofs --out FILE
        export           | GET /logs/{log}/checkpoint, GET /logs/{log}/tile/{**path}, GET /logs/{log}/handovers, GET /logs/{log}/receipts-handovers | auditor/log | rows/log | --log LOG --format tiles --out FILE
        import cloudtrail | POST /api/logs/{log}/events                                     | writer/log   | reader/log    | TRAIL --log LOG
        demo             | POST /api/logs/{log}/events                                      | writer/log   | reader/log    | --log LOG --events 1000
        bench            | POST /api/logs/{log}/events                                      | writer/log   | reader/log    | --log LOG --seconds 2 --warm-up 0 --connections 1
        spool send       | POST /api/logs/{log}/events, GET /logs/{log}/checkpoint, GET /api/logs/{log}/consistency | writer/log | reader/log | - needs what an application left: Indelible.Client.Tests
        gateway          | POST /api/logs/{log}/events, GET /logs/{log}/checkpoint, GET /api/logs/{log}/consistency | writer/log | reader/log | - runs until it is stopped: Indelible.Gateway.Tests
        """;

    /// <summary>The commands that talk to none.</summary>
    public static IReadOnlyList<string> Local { get; } = ["init", "backup", "restore", "serve", "index", "keys", "keys rewrap", "principals", "grants", "import", "spool", "spool list", "spool show", "spool drop", "rules", "rules check", "rules match", "notify", "notify check", "streams", "streams check"];

    public static IReadOnlyList<CommandLineOf> Commands { get; } =
    [
        .. Text.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Select(cells => new CommandLineOf(cells[0], cells[1].Split(", "), cells[2], cells[3], cells[4])),
    ];
}

/// <summary>A line of <see cref="CommandTable"/>.</summary>
internal sealed record CommandLineOf(string Name, IReadOnlyList<string> Doors, string Suffices, string DoesNot, string Arguments);
