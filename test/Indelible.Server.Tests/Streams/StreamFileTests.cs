using Indelible.Detection;
using Indelible.Server.Streams;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>A file of streams is taken as it is meant, or refused at the start with its place and the reason, and never with a secret.</summary>
public sealed class StreamFileTests : IDisposable
{
    private const string To = "    to: {http: {url: 'https://siem.example/'}}\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string, string> BadFiles() => new()
    {
        { "", "1:1", "A file of streams is one document" },
        { "streams: []", "1:10", "1 to 64" },
        { "streams: {}", "1:10", "has to be a list" },
        { "stream:\n  - name: a", "1:1", "There is no member 'stream' here; there are streams." },
        { "streams:\n  - nonsense", "2:5", "A stream is a map" },
        { "streams:\n  - log: main\n" + To, "2:5", "The member name is missing." },
        { "streams:\n  - name: ../a\n    log: main\n" + To, "2:11", "1 to 63 of a to z" },
        { "streams:\n  - name: -a\n    log: main\n" + To, "2:11", "begins with a letter" },
        { "streams:\n  - name: a\n" + To, "2:5", "The member log is missing" },
        { "streams:\n  - name: a\n    log: [main, main]\n" + To, "3:17", "is there twice" },
        { "streams:\n  - name: a\n    log: [main, main.i2]\n" + To, "3:17", "goes on in the place of" },
        { "streams:\n  - name: a\n    log: MAIN\n" + To, "3:10", "No log can have the name 'MAIN'." },
        { "streams:\n  - name: a\n    log: main\n    logs: main\n" + To, "4:5", "There is no member 'logs'" },
        { "streams:\n  - name: a\n    log: main\n    query: 'action:('\n" + To, "4:12", "The query cannot be read" },
        { "streams:\n  - name: a\n    log: main\n    format: cef\n" + To, "4:13", "format is indelible or ocsf." },
        { "streams:\n  - name: a\n    log: main\n    personal: shown\n" + To, "4:15", "personal is masked or clear." },
        { "streams:\n  - name: a\n    log: main\n    from: -1\n" + To, "4:11", "from is start, now, or the index" },
        { "streams:\n  - name: a\n    log: [main, _alerts]\n    from: 3\n" + To, "4:11", "An index is one log's" },
        { "streams:\n  - name: a\n    log: main\n", "2:5", "The member to is missing." },
        { "streams:\n  - name: a\n    log: main\n    to: {}\n", "4:9", "either to http or to syslog" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/'}, syslog: {host: a}}\n", "4:9", "either to http or to syslog" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'http://a/'}}\n", "4:22", "in clear: use https, or say insecure: true." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://u:p@a/'}}\n", "4:22", "send a header Authorization" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'siem'}}\n", "4:22", "url is no URL" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', body: xml}}\n", "4:42", "body is lines or splunk_event or elastic_bulk." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', gzip: yes}}\n", "4:42", "gzip is true or false." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', headers: {Host: b}}}\n", "4:46", "The header Host is not a stream's to say." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', headers: {A: \"b\\nc\"}}}\n", "4:49", "visible characters of ASCII" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', headers: {A: '{env:INDELIBLE_TEST_NOSUCH}'}}}\n", "4:49", "INDELIBLE_TEST_NOSUCH" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', headers: {A: 'x {env:HOME'}}}\n", "4:49", "has no end" },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', ca: nosuch.pem}}\n", "4:40", "ca: 'nosuch.pem' cannot be read as certificates in PEM." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', ca: bad.yml}}\n", "4:40", "ca: in 'bad.yml' is no certificate in PEM." },
        { "streams:\n  - name: a\n    log: main\n    to: {http: {url: 'https://a/', key: a.pem}}\n", "4:41", "certificate and key go together" },
        { "streams:\n  - name: a\n    log: main\n    to: {syslog: {host: 'a b'}}\n", "4:25", "is neither a host's name nor an address" },
        { "streams:\n  - name: a\n    log: main\n    to: {syslog: {host: a, port: 70000}}\n", "4:34", "port is a whole number from 1 to 65535." },
        { "streams:\n  - name: a\n    log: main\n    to: {syslog: {host: a, message_bytes: 100}}\n", "4:43", "from 2048 to 1048576" },
        { "streams:\n  - name: a\n    log: main\n" + To + "  - name: a\n    log: main\n" + To, "5:5", "There is another stream a." },
        { "streams:\n  - name: a\n    name: b\n", "3:5", "This is no YAML" },
        { "streams: &a [*a]", "1:14", "Aliases are not read" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void Whatever_is_wrong_is_told_with_its_place(string text, string place, string reason)
    {
        string path = Write("bad.yml", text);

        StreamFile.Read(path, DateTimeOffset.UnixEpoch, out IReadOnlyList<RuleFault> faults);

        RuleFault fault = Assert.Single(faults);
        Assert.StartsWith($"{path}:{place}: ", fault.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void All_streams_that_are_wrong_are_told_at_once_and_a_file_that_is_not_there_as_well()
    {
        string path = Write("bad.yml", "streams:\n  - name: a\n  - name: b\n");
        StreamFile.Read(path, DateTimeOffset.UnixEpoch, out IReadOnlyList<RuleFault> faults);
        Assert.Equal([2, 3], faults.Select(fault => fault.Line));
        StreamFile.Read(Path.Combine(_folder, "nosuch.yml"), DateTimeOffset.UnixEpoch, out faults);
        Assert.Equal("There is no such file.", Assert.Single(faults).Reason);
    }

    [Fact]
    public void What_is_right_is_taken_as_it_is_meant()
    {
        string secret = Write("secret", "it is\n");
        string path = Write("good.yml", $$$"""
            streams:
              - name: everything
                log: main
                to: {http: {url: 'https://siem.example/in'}}
              - name: all-0
                log: [main, _alerts]
                query: outcome:failure
                format: ocsf
                personal: clear
                from: now
                to:
                  http:
                    url: https://siem.example:8443/in?key={file:{{{secret}}}}
                    gzip: true
                    headers:
                      Authorization: Bearer {file:{{{secret}}}}, {env:PATH}
              - name: third
                log: main
                from: 12
                to: {syslog: {host: '::1', message_bytes: 8192}}
            """);

        IReadOnlyList<StreamDefinition> streams = StreamFile.Read(path, DateTimeOffset.UnixEpoch, out IReadOnlyList<RuleFault> faults);

        Assert.Empty(faults);
        Assert.Equal(("everything", StreamFormat.Indelible, false, new StreamStart(false, 0), "*"), (streams[0].Name, streams[0].Format, streams[0].IsClear, streams[0].From, streams[0].Query.ToString()));
        Assert.Equal(("main,_alerts", StreamFormat.Ocsf, true, new StreamStart(true, 0), "outcome:failure"), (string.Join(',', streams[1].Logs.Select(log => log.Name)), streams[1].Format, streams[1].IsClear, streams[1].From, streams[1].Query.ToString()));
        var http = Assert.IsType<HttpTarget>(streams[1].To);
        Assert.Equal(("https://siem.example:8443/in?key=it is", true, "https://siem.example:8443"), (http.Url.OriginalString, http.HasGzip, http.Address));
        Assert.Equal([("Authorization", "Bearer it is, " + Environment.GetEnvironmentVariable("PATH"))], http.Headers);
        var syslog = Assert.IsType<SyslogTarget>(streams[2].To);
        Assert.Equal((new StreamStart(false, 12), "::1", 6514, 8192, "syslog+tls://[::1]:6514"), (streams[2].From, syslog.Host, syslog.Port, syslog.MessageBytes, syslog.Address));
    }

    [Fact]
    public void A_fault_never_repeats_a_secret()
    {
        string secret = Write("secret", "hunter2 \u00e9");
        string path = Write("bad.yml", $"streams:\n  - name: a\n    log: main\n    to: {{http: {{url: 'https://a/', headers: {{A: 'x {{file:{secret}}}'}}}}}}\n  - name: b\n    log: main\n    to: {{http: {{url: '{{file:{secret}}}'}}}}\n");
        StreamFile.Read(path, DateTimeOffset.UnixEpoch, out IReadOnlyList<RuleFault> faults);
        Assert.Equal(2, faults.Count);
        Assert.All(faults, fault => Assert.DoesNotContain("hunter2", fault.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_does_not_start_with_streams_of_logs_that_there_are_not_or_that_ask_for_what_is_not_shown()
    {
        string bad = Write("bad.yml", "streams: 3");
        ServerOptions.Read(null, new Dictionary<string, string?> { ["streams"] = bad }, out IReadOnlyList<string> faults);
        Assert.Equal($"streams: {bad}:1:10: streams has to be a list of 1 to 64 streams.", Assert.Single(faults));

        var server = new TestServer();
        await server.InitializeAsync();
        await server.StopAsync();
        server.Settings["streams"] = Write("streams.yml", "streams:\n  - name: a\n    log: nosuch\n" + To + "  - name: b\n    log: main\n    query: 'actor.name:Grace'\n" + To + "  - name: c\n    log: main\n    from: 7\n" + To);
        FormatException refused = await Assert.ThrowsAsync<FormatException>(server.StartAsync);
        Assert.Contains("streams.yml:3:10: There is no log nosuch.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("streams.yml:10:10: The log main has 0 entries: there is none to begin at 7.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("streams.yml:7:12: actor.name is personal", refused.Message, StringComparison.Ordinal);

        // What is kept of a stream is not guessed at.
        await server.Engine.DisposeAsync();
        Directory.CreateDirectory(Path.Combine(server.Folder, "streams"));
        await File.WriteAllTextAsync(Path.Combine(server.Folder, "streams", "b.json"), """{"paused":false,"logs":{"main":-1},"refused_count":0,"refused":[]}""", TestContext.Current.CancellationToken);
        server.Settings["streams"] = Write("streams.yml", "streams:\n  - name: b\n    log: main\n" + To);
        IOException damaged = await Assert.ThrowsAsync<IOException>(server.StartAsync);
        Assert.Contains("does not say how far the stream b has come", damaged.Message, StringComparison.Ordinal);
        await server.Engine.DisposeAsync();
        Directory.Delete(server.Folder, recursive: true);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
