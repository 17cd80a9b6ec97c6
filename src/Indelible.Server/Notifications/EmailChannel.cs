using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Indelible.Detection;
using Indelible.Server.Connections;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Indelible.Server.Notifications;

/// <summary>Mail over SMTP: plain text, to a few addresses that stand in the file.</summary>
/// <remarks>What an alert says gets into the subject and the text alone; a subject is one line of visible characters before it becomes a header. The message's id is the delivery's, so that a mailbox sees that two are one.</remarks>
internal sealed class EmailChannel : INotifyChannel
{
    /// <summary>The members of such a destination.</summary>
    public static readonly string[] Members = ["server", "port", "tls", "user", "password", "from", "to", "insecure", "ca"];

    private readonly string _server;
    private readonly int _port;
    private readonly SecureSocketOptions _tls;
    private readonly (string User, string Password)? _login;
    private readonly MailboxAddress _from;
    private readonly IReadOnlyList<MailboxAddress> _to;
    private readonly X509Certificate2Collection? _authorities;
    private readonly TimeProvider _time;

    private EmailChannel(EmailChannel read, TimeProvider time)
    {
        (_server, _port, _tls, _login, _from, _to, _authorities) = (read._server, read._port, read._tls, read._login, read._from, read._to, read._authorities);
        _time = time;
    }

    private EmailChannel(RuleMap map)
    {
        _time = TimeProvider.System;
        _server = map.RequireText("server");
        if (Uri.CheckHostName(_server) == UriHostNameType.Unknown)
        {
            throw new RuleFaultException(map.PlaceOf("server"), $"server: {VisibleText.Excerpt(_server)} is no host's name.");
        }

        string tls = map.Text("tls") ?? "starttls";
        (_tls, _port) = tls switch
        {
            "starttls" => (SecureSocketOptions.StartTls, 587),
            "tls" => (SecureSocketOptions.SslOnConnect, 465),
            "none" when map.Flag("insecure") => (SecureSocketOptions.None, 25),
            "none" => throw new RuleFaultException(map.PlaceOf("tls"), "tls: without it mail would be read on the way: starttls or tls, or insecure: true where nothing is on the way."),
            _ => throw new RuleFaultException(map.PlaceOf("tls"), $"tls: {VisibleText.Excerpt(tls)} is none of starttls, tls, none."),
        };
        if (map.Text("port") is { } port && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _port) || _port is 0 or > 65_535))
        {
            throw new RuleFaultException(map.PlaceOf("port"), $"port: {VisibleText.Excerpt(port)} is none of 1 to 65535.");
        }

        _login = LoginOf(map, _tls);
        _from = AddressOf(map, "from", map.RequireText("from"));
        _to = [.. map.Texts("to").Select(text => AddressOf(map, "to", text))];
        if (_to.Count is 0 or > ServerLimits.NotifyRecipients)
        {
            throw new RuleFaultException(map.PlaceOf("to"), $"to: 1 to {ServerLimits.NotifyRecipients} addresses.");
        }

        _authorities = TrustedAuthorities.Read(map);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="RuleFaultException">Something is wrong.</exception>
    public static Func<TimeProvider, INotifyChannel> Read(RuleMap map)
    {
        var read = new EmailChannel(map);
        return time => new EmailChannel(read, time);
    }

    /// <inheritdoc/>
    public async Task<string?> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        using MimeMessage message = MessageOf(notification);
        using var smtp = new MailClient { CheckCertificateRevocation = false, ServerCertificateValidationCallback = IsTrusted };
        try
        {
            await smtp.ConnectAsync(_server, _port, _tls, cancellationToken);
            if (_login is { } login)
            {
                await smtp.AuthenticateAsync(login.User, login.Password, cancellationToken);
            }

            await smtp.SendAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is CommandException or ProtocolException or IOException or SocketException or AuthenticationException or SslHandshakeException or NotSupportedException or InvalidOperationException)
        {
            throw new NotifyFailedException(WordsOf(e), inner: e);
        }

        // It is taken: what becomes of the connection changes nothing.
        try
        {
            await smtp.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (Exception e) when (e is CommandException or ProtocolException or IOException or SocketException or OperationCanceledException)
        {
        }

        return smtp.Refused == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{smtp.Refused} of {_to.Count} addresses were refused");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>The mail that says a notification.</summary>
    internal MimeMessage MessageOf(Notification notification)
    {
        // Addresses of its own: a message listens to each of its addresses, and one that is shared would keep every message.
        string host = _from.Domain is { Length: > 0 } domain ? domain : "indelible.invalid";
        var message = new MimeMessage([_from.Clone()], _to.Select(to => to.Clone()), notification.Title, new TextPart("plain") { Text = notification.Text + "\n" })
        {
            Date = _time.GetUtcNow(),
            MessageId = $"{notification.Id}@{host}",
        };
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Headers.Add("X-Indelible-Delivery", notification.Id);
        if (notification.Alert is { } alert)
        {
            // One thread for all that is said of an alert.
            message.References.Add($"{alert.Alert.Id}@{host}");
        }

        return message;
    }

    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_authorities is null || certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return errors == SslPolicyErrors.None && certificate is not null;
        }

        using var own = new X509Chain { ChainPolicy = TrustedAuthorities.PolicyOf(_authorities)! };
        foreach (X509ChainElement sent in chain?.ChainElements.ToArray() ?? [])
        {
            own.ChainPolicy.ExtraStore.Add(sent.Certificate);
        }

        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(leaf);
    }

    /// <summary>Why it failed, without what the server wrote.</summary>
    private static string WordsOf(Exception e) => e switch
    {
        AuthenticationException => "the server does not let the user in",
        SslHandshakeException => "the server's certificate is not trusted, or TLS failed otherwise",
        SmtpCommandException command => string.Create(CultureInfo.InvariantCulture, $"the server answered {(int)command.StatusCode} ({command.ErrorCode})"),
        NotSupportedException => "the server does not offer STARTTLS, or no way to sign in",
        ProtocolException => "the server ended the conversation",
        _ => $"it could not be reached: {VisibleText.Clean(e.Message)}",
    };

    private static (string, string)? LoginOf(RuleMap map, SecureSocketOptions tls)
    {
        string? user = map.Secret("user");
        string[] passwords = map.References("password");
        return (user, passwords) switch
        {
            (null, []) => null,
            (null, _) => throw new RuleFaultException(map.PlaceOf("password"), "password: there is no user."),
            (_, not [_]) => throw new RuleFaultException(map.PlaceOf("user"), "user: there is no password, or more than one."),
            _ when tls == SecureSocketOptions.None => throw new RuleFaultException(map.PlaceOf("password"), "password: it would be read on the way without tls."),
            ({ Length: > 0 }, [var password]) => (user, password),
            _ => throw new RuleFaultException(map.PlaceOf("user"), "user: it is empty."),
        };
    }

    private static MailboxAddress AddressOf(RuleMap map, string name, string text) => MailboxAddress.TryParse(text, out MailboxAddress? address) && address.Address.Contains('@', StringComparison.Ordinal) && VisibleText.IsVisible(text)
        ? address
        : throw new RuleFaultException(map.PlaceOf(name), $"{name}: {VisibleText.Excerpt(text)} is no address like oncall@example.org or Indelible <audit@example.org>.");

    /// <summary>Mail goes to those who are taken, though some are not: tried again for one, it would come to the others again.</summary>
    private sealed class MailClient : SmtpClient
    {
        public int Refused { get; private set; }

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => Refused++;

        protected override void OnNoRecipientsAccepted(MimeMessage message) => throw new SmtpCommandException(SmtpErrorCode.RecipientNotAccepted, SmtpStatusCode.MailboxUnavailable, "No address is taken.");
    }
}
