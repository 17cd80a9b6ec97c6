using Indelible.Detection;
using Indelible.Server.Notifications;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>What a file of notifications may say: the rest is refused with its place, all of it at once, and never with a secret in it.</summary>
public sealed class NotifyFileTests : IDisposable
{
    private const string Good = "{name: a, kind: slack, url: \"https://hooks.example/x\", alerts: all}";

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-notify-file-").FullName;

    public NotifyFileTests()
    {
        File.WriteAllText(Path.Combine(_folder, "secret"), NotifyServer.Secret + "\n");
        File.WriteAllText(Path.Combine(_folder, "short"), "whsec_c2hvcnQ=\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("destinations: 5", "1:15: destinations has to be a list of 1 to 100.")]
    [InlineData("destinations: []", "1:15: destinations has to be a list of 1 to 100.")]
    [InlineData("- a", "1:1: Here is a map wanted, of url and destinations.")]
    [InlineData("destinatoins: []", "1:1: There is no 'destinatoins' here; there are url, destinations.")]
    [InlineData("destinations: [x]", "1:16: A destination is a map of members, as name and kind; this is none.")]
    [InlineData("url: ftp://x\ndestinations: [GOOD]", "1:6: url: this is no URL like https://example.org/hook.")]
    [InlineData("destinations: [{kind: slack}]", "1:16: The member name is missing.")]
    [InlineData("destinations: [{name: A, kind: slack}]", "1:23: name: 'A' has to be made of a to z, 0 to 9 and hyphens, at most 63.")]
    [InlineData("destinations: [{name: a}]", "1:16: The member kind is missing.")]
    [InlineData("destinations: [{name: a, kind: pager}]", "1:32: kind: 'pager' is none of webhook, email, slack, teams.")]
    [InlineData("destinations: [{name: a, kind: slack, alerts: all}]", "1:16: The member url is missing.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"http://x/y\", alerts: all}]", "1:44: url: http would be read on the way: https, or insecure: true where nothing is on the way.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://u:p@x/y\", alerts: all}]", "1:44: url: a user, a password and what stands behind a # have no place in it.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"{env:INDELIBLE_TEST_NOTHING}\", alerts: all}]", "1:44: url: 'env:INDELIBLE_TEST_NOTHING': there is no such variable")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", secret: y, alerts: all}]", "1:57: There is no 'secret' here; there are name, kind,")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", alerts: all}]", "1:16: secret: one that the other side verifies signatures with")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", secret: hunter2hunter2, alerts: all}]", "1:67: secret: where the secret is, not the secret: \"{env:NAME}\" or \"{file:PATH}\".")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", secret: \"{file:SHORT}\", alerts: all}]", "1:67: secret: what it leads to is not whsec_ and 24 to 64 bytes in base64")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", secret: \"{file:SECRET}\", headers: {Host: x}, alerts: all}]", "headers: 'Host' is no name of a header, or of one that is set already.")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", secret: \"{file:SECRET}\", headers: {\"X y\": x}, alerts: all}]", "headers: 'X y' is no name of a header")]
    [InlineData("destinations: [{name: a, kind: webhook, url: \"https://x\", secret: \"{file:SECRET}\", headers: {X: \"a\\r\\nb\"}, alerts: all}]", "headers: the value of X has characters that a header cannot have.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", ca: /nosuch.pem, alerts: all}]", "ca: '/nosuch.pem' cannot be read as certificates in PEM.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\"}]", "1:16: a would be told of nothing: it has no alerts, and nobody passes any on to it.")]
    [InlineData("destinations: [GOOD, GOOD]", "There is another destination a.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, escalate: {after: 5m, to: b}}]", "a passes alerts on to 'b', and there is no such destination.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, escalate: {after: 5m, to: b}}, {name: b, kind: slack, url: \"https://x\", escalate: {after: 5m, to: a}}]", "1:16: a passes alerts on in a circle that comes back to it.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, escalate: {after: 8d, to: a}}]", "after: '8d' is no time like 500ms, 30s, 15m, 2h or 7d, of 1s to 7d.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, escalate: {to: a}}]", "The member after is missing.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, timeout: 2m}]", "timeout: '2m' is no time like")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, retry: {often: true}}]", "There is no 'often' here; there are first, most, give_up_after.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, rate: fast}]", "rate: 'fast' is nothing like 30/h")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, rate: 0/h}]", "rate: '0/h' is nothing like 30/h")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, repeats: maybe}]", "repeats: 'maybe' is neither true nor false.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: {severity: huge}}]", "severity: 'huge' is none of informational, low, medium, high, critical.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: {logs: [\"a b\"]}}]", "logs: 'a b' is no log's name, prefix.* or *.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: {query: \"(actor:x\"}}]", "query: ")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, title: \"{{rule.titel}}\"}]", "title: There is no {{rule.titel}}; there are alert.id,")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, text: \"{{severity\"}]", "text: Behind '{{severity' the closing }} is missing.")]
    [InlineData("destinations: [{name: a, kind: slack, url: \"https://x\", alerts: all, text: \"{{url}}\"}]", "text: {{url}} needs url at the beginning of the file")]
    [InlineData("destinations: [{name: a, kind: email, server: \"a b\", from: a@b.c, to: a@b.c, alerts: all}]", "server: 'a b' is no host's name.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, tls: none, from: a@b.c, to: a@b.c, alerts: all}]", "tls: without it mail would be read on the way")]
    [InlineData("destinations: [{name: a, kind: email, server: x, tls: ssl, from: a@b.c, to: a@b.c, alerts: all}]", "tls: 'ssl' is none of starttls, tls, none.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, port: 0, from: a@b.c, to: a@b.c, alerts: all}]", "port: '0' is none of 1 to 65535.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, from: a@b.c, to: [], alerts: all}]", "to: 1 to 50 addresses.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, from: nobody, to: a@b.c, alerts: all}]", "from: 'nobody' is no address like")]
    [InlineData("destinations: [{name: a, kind: email, server: x, from: a@b.c, to: \"a@b.c\\r\\nBcc: d@e.f\", alerts: all}]", "to: 'a@b.c??Bcc: d@e.f' is no address like")]
    [InlineData("destinations: [{name: a, kind: email, server: x, from: a@b.c, to: a@b.c, user: u, alerts: all}]", "user: there is no password, or more than one.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, from: a@b.c, to: a@b.c, password: \"{file:SECRET}\", alerts: all}]", "password: there is no user.")]
    [InlineData("destinations: [{name: a, kind: email, server: x, tls: none, insecure: true, from: a@b.c, to: a@b.c, user: u, password: \"{file:SECRET}\", alerts: all}]", "password: it would be read on the way without tls.")]
    public void What_is_wrong_is_refused_with_its_place_and_reason(string text, string expected)
    {
        IReadOnlyList<RuleFault> faults = Read(text);
        RuleFault fault = Assert.Single(faults);
        Assert.Contains(expected, fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("MfKQ9r8G", fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once_with_lines()
    {
        IReadOnlyList<RuleFault> faults = Read("destinations:\n  - name: a\n    kind: pager\n  - name: b\n    kind: slack\n    url: https://x\n    alerts:\n      severity: huge\n");
        Assert.Equal([3, 8], faults.Select(fault => fault.Line));
    }

    [Fact]
    public void A_server_is_not_started_with_a_file_that_is_wrong_or_missing()
    {
        string missing = Path.Combine(_folder, "nosuch.yml");
        ServerOptions.Read(null, new Dictionary<string, string?> { ["notify"] = missing }, out IReadOnlyList<string> faults);
        Assert.StartsWith($"notify: {missing}:1:1: It cannot be read: ", Assert.Single(faults), StringComparison.Ordinal);
    }

    private IReadOnlyList<RuleFault> Read(string text)
    {
        string path = Path.Combine(_folder, "notify.yml");
        File.WriteAllText(path, text.Replace("GOOD", Good, StringComparison.Ordinal).Replace("{file:SHORT}", $"{{file:{Path.Combine(_folder, "short")}}}", StringComparison.Ordinal).Replace("{file:SECRET}", $"{{file:{Path.Combine(_folder, "secret")}}}", StringComparison.Ordinal));
        Assert.False(NotifyFile.TryRead(path, TimeProvider.System.GetUtcNow(), out _, out IReadOnlyList<RuleFault> faults));
        return faults;
    }
}
