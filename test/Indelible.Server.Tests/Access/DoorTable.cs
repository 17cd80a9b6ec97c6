using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>What everybody gets at every door of the server.</summary>
/// <remarks>
/// <para>
/// A line is a door: method, route, a cell for each part, then the path to ask where the route does not say it, and the body. A cell's letters are for the
/// reaches: own log, own tenant, another log, another tenant, node; one letter stands for all. A door may have several lines, for several paths.
/// </para>
/// <para>
/// <c>Y</c> let in · <c>U</c> 401 · <c>F</c> 403 · <c>N</c> 404 unknown-log · <c>M</c> 404 not-found · <c>B</c> 400 · <c>C</c> 409.
/// In paths and bodies <c>LOG</c>, <c>KEY</c>, <c>GRANT</c>, <c>PRINCIPAL</c>, <c>SOURCE</c> stand for some of tenant acme, <c>NEW</c> for a name that nothing has, <c>EVENT</c> for an event.
/// </para>
/// </remarks>
internal static class DoorTable
{
    private const string Text = """
        door                                             nobody glass broken writer reader rows  hidden asked analyst auditor officer admin custodian
        GET /                                            Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        GET /healthz                                     Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        GET /readyz                                      Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        GET /openapi/v1.json                             Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        * /metrics                                       Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y

        GET /api/me                                      U      U     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        GET /api/logs                                    U      U     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        POST /api/logs                                   U      U     Y      F      F      F     F      F     F       F       F       FYFFY F     /api/logs {"name":"acme.NEW"}
        GET /api/keys                                    U      U     Y      F      F      F     F      F     F       Y       F       Y     F
        POST /api/keys                                   U      U     Y      F      F      F     F      F     F       F       F       YYBBY F     /api/keys {"kind":"reader","logs":["LOG"]}
        POST /api/keys/{id}/replace                      U      U     Y      F      F      F     F      F     F       F       F       MYMMY F     /api/keys/KEY/replace {"overlap_s":0}
        DELETE /api/keys/{id}                            U      U     Y      F      F      F     F      F     F       F       F       MYMMY F     /api/keys/KEY
        POST /api/break-glass                            U      Y     C      U      U      U     U      U     U       U       U       U     U     /api/break-glass {"reason":"a test"}
        GET /api/principals                              U      U     Y      F      F      F     F      F     F       Y       F       Y     F
        POST /api/principals                             U      U     Y      F      F      F     F      F     F       F       F       FYFFY F     /api/principals {"name":"acme/NEW","kind":"service"}
        POST /api/principals/disable/{**name}            U      U     Y      F      F      F     F      F     F       F       F       MYMMY F     /api/principals/disable/PRINCIPAL {}
        POST /api/principals/enable/{**name}             U      U     Y      F      F      F     F      F     F       F       F       MYMMY F     /api/principals/enable/PRINCIPAL {}
        GET /api/grants                                  U      U     Y      F      F      F     F      F     F       Y       F       Y     F
        POST /api/grants                                 U      U     Y      F      F      F     F      F     F       F       F       BYBBY F     /api/grants {"principal":"PRINCIPAL","role":"reader","logs":["LOG"]}
        DELETE /api/grants/{id}                          U      U     Y      F      F      F     F      F     F       F       F       MYMMY F     /api/grants/GRANT
        GET /api/access                                  U      U     Y      FFNNF  FFNNF  FFNNF FFNNF  FFNNF FFNNF   YYNNY   FFNNF   YYNNY FFNNF /api/access?log=LOG
        GET /api/issuers                                 U      U     Y      F      F      F     F      F     F       FFFFY   F       FFFFY F
        POST /api/issuers                                U      U     B      F      F      F     F      F     F       F       F       FFFFB F     /api/issuers {}
        DELETE /api/issuers/{id}                         U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/issuers/nosuch
        GET /api/certificates                            U      U     Y      F      F      F     F      F     F       FFFFY   F       FFFFY F
        POST /api/certificates                           U      U     B      F      F      F     F      F     F       F       F       FFFFB F     /api/certificates {}
        DELETE /api/certificates/{id}                    U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/certificates/nosuch
        POST /api/session                                U      U     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y
        GET /api/session                                 U      U     M      M      M      M     M      M     M       M       M       M     M
        DELETE /api/session                              U      U     M      M      M      M     M      M     M       M       M       M     M
        GET /api/verification                            U      U     Y      F      F      F     F      F     F       Y       F       Y     F
        POST /api/verification                           U      U     Y      F      F      F     F      F     F       FFFFY   F       FFFFY F

        POST /api/logs/{log}/events                      U      U     F      YYNNY  FFNNF  FFNNF FFNNF  FFNNF FFNNF   FFNNF   FFNNF   FFNNF FFNNF /api/logs/LOG/events EVENT
        POST /v1/logs                                    U      U     F      YYNNY  FFNNF  FFNNF FFNNF  FFNNF FFNNF   FFNNF   FFNNF   FFNNF FFNNF /v1/logs {"resourceLogs":[]}
        POST /opentelemetry.proto.collector.logs.v1.LogsService/Export U U F YYNNY FFNNF FFNNF FFNNF FFNNF FFNNF FFNNF FFNNF FFNNF FFNNF
        GET /api/logs/{log}/events                       U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        POST /api/logs/{log}/search                      U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/search {"query":{"op":"all"}}
        GET /api/logs/{log}/counts                       U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        POST /api/logs/{log}/backtest                    U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/backtest {"rule":"{title: t, logsource: {product: indelible}, detection: {s: {action: x}, condition: s}}"}
        POST /api/logs/{log}/backtest                    U      U     F      FFNNF  BBNNB  BBNNB BBNNB  BBNNB BBNNB   BBNNB   BBNNB   FFNNF FFNNF /api/logs/LOG/backtest {"limit":0}
        GET /api/logs/{log}/tail                         U      U     F      FFNNF  BBNNB  BBNNB BBNNB  BBNNB BBNNB   FFNNF   FFNNF   FFNNF FFNNF /api/logs/LOG/tail?after=x
        GET /api/logs/{log}/tail                         U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   FFNNF   FFNNF   FFNNF FFNNF
        GET /api/logs/{log}/export                       U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY FFNNF   YYNNY   FFNNF   FFNNF FFNNF
        GET /api/logs/{log}/export                       U      U     F      FFNNF  BBNNB  BBNNB BBNNB  BBNNB FFNNF   BBNNB   FFNNF   FFNNF FFNNF /api/logs/LOG/export?format=x
        GET /api/logs/{log}/exports/{id}                 U      U     F      FFNNF  MMNNM  MMNNM MMNNM  MMNNM FFNNF   MMNNM   FFNNF   FFNNF FFNNF /api/logs/LOG/exports/nosuch
        GET /api/logs/{log}/events/{index:long}          U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /api/logs/{log}/events/{index:long}          U      U     F      FFNNF  YYNNY  MMNNM YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/events/1
        GET /api/logs/{log}/events/{index:long}          U      U     F      FFNNF  MMNNM  MMNNM MMNNM  MMNNM MMNNM   MMNNM   MMNNM   FFNNF FFNNF /api/logs/LOG/events/999999999
        GET /api/logs/{log}/events/{index:long}          U      U     F      FFNNF  YYNNY  YYNNY FFNNF  FFNNF FFNNF   FFNNF   YYNNY   FFNNF FFNNF /api/logs/LOG/events/0?view=clear
        GET /api/logs/{log}/events/{index:long}          U      U     F      FFNNF  YYNNY  YYNNY FFNNF  FFNNF FFNNF   FFNNF   FFNNF   FFNNF FFNNF /api/logs/LOG/events/0?openings=true
        POST /api/logs/{log}/events/{index:long}/reveal  U      U     F      FFNNF  YYNNY  YYNNY FFNNF  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/events/0/reveal {"reason":"a test"}
        POST /api/logs/{log}/events/{index:long}/reveal  U      U     F      FFNNF  YYNNY  MMNNM FFNNF  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/events/1/reveal {"reason":"a test"}
        GET /api/logs/{log}/events/{index:long}/context  U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /api/logs/{log}/events/{index:long}/context  U      U     F      FFNNF  YYNNY  MMNNM YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/events/1/context
        GET /api/logs/{log}/entities/{kind}/{**id}       U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/entities/actor/u-1
        GET /api/logs/{log}/entities/{kind}/{**id}       U      U     F      FFNNF  YYNNY  YYNNY FFNNF  FFNNF FFNNF   FFNNF   YYNNY   FFNNF FFNNF /api/logs/LOG/entities/ip/192.0.2.1
        GET /api/logs/{log}/entities/{kind}/{**id}       U      U     F      FFNNF  MMNNM  MMNNM MMNNM  MMNNM MMNNM   MMNNM   MMNNM   FFNNF FFNNF /api/logs/LOG/entities/nosuch/x
        GET /api/logs/{log}/events/{index:long}/proof    U      U     F      FFNNF  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /api/logs/{log}/events/{index:long}/proof    U      U     F      FFNNF  YYNNY  MMNNM YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/events/1/proof
        GET /api/logs/{log}/consistency                  U      U     F      YYNNY  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /api/logs/LOG/consistency?from=1
        GET /logs/{log}/checkpoint                       U      U     F      YYNNY  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /logs/{log}/handovers                        U      U     F      YYNNY  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /logs/{log}/receipts-handovers               U      U     F      YYNNY  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        POST /api/logs/{log}/rotate                      U      U     F      FFNNF  FFNNF  FFNNF FFNNF  FFNNF FFNNF   FFNNF   FFNNF   FFNNF YYNNY
        POST /api/receipts/rotate                        U      U     F      F      F      F     F      F     F       F       F       F     FFFFY
        GET /logs/{log}/tile/{**path}                    U      U     F      YYNNY  YYNNY  YYNNY YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF /logs/LOG/tile/0/000.p/1
        GET /logs/{log}/tile/{**path}                    U      U     F      FFNNF  YYNNY  FFNNF YYNNY  YYNNY FFNNF   YYNNY   FFNNF   FFNNF FFNNF /logs/LOG/tile/entries/000.p/1
        GET /api/logs/{log}/sources                      U      U     F      FFNNF  YYNNY  FFNNF YYNNY  YYNNY YYNNY   YYNNY   YYNNY   FFNNF FFNNF
        GET /api/logs/{log}/sources/expected             U      U     Y      FFNNF  YYNNY  FFNNF YYNNY  YYNNY YYNNY   YYNNY   YYNNY   YYNNY FFNNF
        PUT /api/logs/{log}/sources/expected/{name}      U      U     Y      FFNNF  FFNNF  FFNNF FFNNF  FFNNF FFNNF   FFNNF   FFNNF   YYNNY FFNNF /api/logs/LOG/sources/expected/NEW {"service":"billing","interval_s":60}
        DELETE /api/logs/{log}/sources/expected/{name}   U      U     Y      FFNNF  FFNNF  FFNNF FFNNF  FFNNF FFNNF   FFNNF   FFNNF   YYNNY FFNNF /api/logs/LOG/sources/expected/SOURCE

        GET /api/rules                                   U      U     Y      F      F      F     F      F     F       Y       F       Y     F
        POST /api/rules/reload                           U      U     Y      F      F      F     F      F     F       F       F       FFFFY F     /api/rules/reload
        GET /api/alerts                                  U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts
        GET /api/alerts/{id}                             U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts/nosuch
        POST /api/alerts/{id}/{step}                     U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts/nosuch/acknowledge {}
        GET /api/alerts/suppressions                     U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts/suppressions
        POST /api/alerts/suppressions                    U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts/suppressions {"rule":"x","until":"2026-11-24T00:00:00Z"}
        DELETE /api/alerts/suppressions/{id}             U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/alerts/suppressions/nosuch
        GET /api/notifications                           U      U     Y      F      F      F     F      F     F       F       F       FFFFY F     /api/notifications
        GET /api/notifications/dead                      U      U     Y      F      F      F     F      F     F       F       F       FFFFY F     /api/notifications/dead
        POST /api/notifications/{destination}/test       U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/notifications/nosuch/test {}
        POST /api/notifications/dead/{id}/retry          U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/notifications/dead/nosuch/retry {}
        DELETE /api/notifications/dead/{id}              U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/notifications/dead/nosuch
        GET /api/streams                                 U      U     Y      F      F      F     F      F     F       F       F       FFFFY F     /api/streams
        POST /api/streams/{name}/replay                  U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/streams/nosuch/replay {"log":"LOG","from":0}
        POST /api/streams/{name}/pause                   U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/streams/nosuch/pause {}
        POST /api/streams/{name}/resume                  U      U     M      F      F      F     F      F     F       F       F       FFFFM F     /api/streams/nosuch/resume {}
        GET /api/logs/{log}/events                       U      U     F      N      N      N     N      N     N       N       N       NFNNF N     /api/logs/acme.nosuch/events
        GET /logs/{log}/checkpoint                       U      U     F      N      N      N     N      N     N       N       N       NFNNF N     /logs/acme.nosuch/checkpoint
        GET /api/logs/{log}/events                       U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/logs/_access/events
        POST /api/logs/{log}/events                      U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /api/logs/_system/events EVENT
        GET /logs/{log}/checkpoint                       U      U     F      N      N      N     N      N     N       N       N       NNNNF N     /logs/_system/checkpoint
        GET /api/access                                  U      U     Y      N      N      N     N      N     N       NNNNY   N       NNNNY N     /api/access?log=_system
        GET /logs/{log}/checkpoint                       Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y     /logs/open.pay/checkpoint
        GET /logs/{log}/tile/{**path}                    Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y     /logs/open.pay/tile/0/000.p/1
        GET /api/logs/{log}/consistency                  Y      Y     Y      Y      Y      Y     Y      Y     Y       Y       Y       Y     Y     /api/logs/open.pay/consistency?from=1
        GET /logs/{log}/tile/{**path}                    U      U     F      NNNNF  NNNNY  NNNNF NNNNY  NNNNY NNNNF   NNNNY   NNNNF   NNNNF NNNNF /logs/open.pay/tile/entries/000.p/1
        GET /api/logs/{log}/events                       U      U     F      NNNNF  NNNNY  NNNNY NNNNY  NNNNY NNNNY   NNNNY   NNNNY   NNNNF NNNNF /api/logs/open.pay/events
        GET /api/logs/{log}/export                       U      U     F      NNNNF  NNNNY  NNNNY NNNNY  NNNNY NNNNF   NNNNY   NNNNF   NNNNF NNNNF /api/logs/open.pay/export
        """;

    /// <summary>The lines.</summary>
    public static IReadOnlyList<Door> Doors { get; } = [.. Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Parse)];

    public static IReadOnlyList<string> Columns { get; } = Text.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

    private static Door Parse(string line)
    {
        int count = Text.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length - 1;
        string[] words = line.Split(' ', count + 4, StringSplitOptions.RemoveEmptyEntries);
        Assert.True(words.Length >= count + 2, line);
        string path = words.Length > count + 2 ? words[count + 2] : words[1].Replace("{log}", "LOG", StringComparison.Ordinal).Replace("{index:long}", "0", StringComparison.Ordinal);
        return new Door(words[0], words[1], [.. words[2..(count + 2)].Select(cell => cell.Length == 1 ? new string(cell[0], Cast.Reaches.Count) : cell)], path, words.Length > count + 3 ? words[^1].Trim() : "");
    }
}

/// <summary>A line of <see cref="DoorTable"/>.</summary>
/// <param name="Method">GET and its like; <c>*</c> for any.</param>
/// <param name="Route">As it is mapped.</param>
/// <param name="Cells">What each column gets, a letter for each reach.</param>
/// <param name="Path">What is asked for.</param>
/// <param name="Body">What is sent; empty for nothing.</param>
internal sealed record Door(string Method, string Route, IReadOnlyList<string> Cells, string Path, string Body)
{
    public string Name => $"{Method} {Route}";
}
