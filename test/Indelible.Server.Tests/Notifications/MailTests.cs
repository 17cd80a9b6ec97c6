using System.Diagnostics;
using System.Text.Json;
using Indelible.Connections;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Import;
using MimeKit;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>Mail, to a real SMTP server with TLS and a login.</summary>
public sealed class MailTests : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3";
    private const string Password = "correct horse battery staple";

    private readonly TestServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-mail-").FullName;
    private Process? _smtp;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(File.Exists(Python) && Run("import aiosmtpd") == 0, "There is no python3 with aiosmtpd; the Debian package is called python3-aiosmtpd.");
        DevelopmentCertificate.Write(_folder, "mail.test", TimeProvider.System);
        string script = Path.Combine(RepositoryFolder.Find()!, "test", "Indelible.Server.Tests", "Notifications", "smtp_server.py");
        string certificate = Path.Combine(_folder, DevelopmentCertificate.CertificateFile);
        _smtp = Process.Start(new ProcessStartInfo(Python, [script, certificate, Path.Combine(_folder, DevelopmentCertificate.KeyFile), "indelible", Password]) { RedirectStandardOutput = true })!;
        string[] ports = (await LineAsync()).Split(' ');
        await File.WriteAllTextAsync(Path.Combine(_folder, "password"), Password + "\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "wrong"), "wrong\n");
        string Mail(string name, string rest, string password = "password", string to = "[oncall@example.org, \"Über Wachung <other@example.org>\"]") =>
            $"  - {{name: {name}, kind: email, server: 127.0.0.1, user: indelible, password: \"{{file:{Path.Combine(_folder, password)}}}\", from: \"Indelible <audit@example.org>\", to: {to}, retry: {{give_up_after: 0s}}, {rest}}}\n";
        string ca = $"ca: {certificate}";
        await File.WriteAllTextAsync(Path.Combine(_folder, "notify.yml"),
            "url: https://audit.example\ndestinations:\n"
            + Mail("mail", $"port: {ports[0]}, {ca}, alerts: {{rules: [rule-mail]}}")
            + Mail("whole", $"port: {ports[1]}, tls: tls, {ca}, alerts: {{rules: [rule-whole]}}")
            + Mail("untrusted", $"port: {ports[0]}, alerts: {{rules: [rule-none]}}")
            + Mail("nobody", $"port: {ports[0]}, {ca}, alerts: {{rules: [rule-none]}}", to: "nobody@example.org")
            + Mail("some", $"port: {ports[0]}, {ca}, alerts: {{rules: [rule-none]}}", to: "[nobody@example.org, oncall@example.org]")
            + Mail("wrong", $"port: {ports[0]}, {ca}, alerts: {{rules: [rule-none]}}", password: "wrong")
            + Mail("closed", $"port: 1, {ca}, alerts: {{rules: [rule-none]}}"));
        _server.Settings["notify"] = Path.Combine(_folder, "notify.yml");
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_smtp is not null)
        {
            await _server.DisposeAsync();
            _smtp.Kill();
            _smtp.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_alert_is_mailed_over_TLS_by_a_login_and_no_value_becomes_a_header_and_what_fails_is_said()
    {
        string id = await NotifyServer.RaiseAsync(_server.Engine, _server.Clock.GetUtcNow(), "rule-mail", "u-1\r\nBcc: evil@example.org\r\n\r\nThe text is over.\r\n.\r\nMAIL FROM:<evil@example.org>");
        JsonElement taken = JsonElement.Parse(await LineAsync());
        Assert.Equal("audit@example.org", taken.GetProperty("from").GetString());
        Assert.Equal(["oncall@example.org", "other@example.org"], taken.GetProperty("to").EnumerateArray().Select(to => to.GetString()));
        Assert.True(taken.GetProperty("login").GetBoolean());
        MimeMessage message = Read(taken);
        Assert.Equal("Alert: The rule rule-mail (high)", message.Subject);
        Assert.Equal(("auto-generated", null), (message.Headers["Auto-Submitted"], message.Headers["Bcc"]));
        Assert.Equal($"{message.Headers["X-Indelible-Delivery"]}@example.org", message.MessageId);
        Assert.Equal([$"{id}@example.org"], message.References);
        Assert.Equal("Über Wachung", message.To.Mailboxes.Last().Name);
        string text = Assert.IsType<TextPart>(message.Body).Text.ReplaceLineEndings("\n");
        Assert.Contains("Log: main\n", text, StringComparison.Ordinal);
        Assert.Contains("https://audit.example/#log=_alerts&index=0", text, StringComparison.Ordinal);
        Assert.Contains("The text is over.", text, StringComparison.Ordinal);

        await NotifyServer.RaiseAsync(_server.Engine, _server.Clock.GetUtcNow(), "rule-whole", "u-1");
        Assert.Equal("Alert: The rule rule-whole (high)", Read(JsonElement.Parse(await LineAsync())).Subject);

        Assert.Equal("the server's certificate is not trusted, or TLS failed otherwise", await ProblemAsync("untrusted"));
        Assert.Equal("the server answered 550 (RecipientNotAccepted)", await ProblemAsync("nobody"));
        Answer some = await _server.PostAsync("api/notifications/some/test", _server.AdminKey, "{}");
        Assert.Equal("""{"destination":"some","sent":true,"problem":"1 of 2 addresses were refused"}""", some.Text);
        Assert.Equal(["oncall@example.org"], JsonElement.Parse(await LineAsync()).GetProperty("to").EnumerateArray().Select(to => to.GetString()));
        Assert.Equal("the server does not let the user in", await ProblemAsync("wrong"));
        Assert.StartsWith("it could not be reached: ", await ProblemAsync("closed"), StringComparison.Ordinal);
    }

    private static int Run(string code)
    {
        using var process = Process.Start(Python, ["-c", code])!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static MimeMessage Read(JsonElement taken)
    {
        using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(taken.GetProperty("content").GetString()!));
        return MimeMessage.Load(content);
    }

    private async Task<string> LineAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await _smtp!.StandardOutput.ReadLineAsync(timeout.Token) ?? throw new InvalidOperationException("The SMTP server has ended.");
    }

    private async Task<string?> ProblemAsync(string destination) =>
        (await _server.PostAsync($"api/notifications/{destination}/test", _server.AdminKey, "{}")).Json.GetProperty("problem").GetString();
}
