using System.Runtime.CompilerServices;
using Indelible.Server.Notifications;
using MimeKit;
using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>Mail by itself, before it is sent.</summary>
public sealed class EmailChannelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-mail-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_mail_that_was_sent_is_not_kept()
    {
        string path = Path.Combine(_folder, "notify.yml");
        File.WriteAllText(path, "destinations: [{name: a, kind: email, server: x, from: audit@example.org, to: [oncall@example.org, \"Über Wachung <other@example.org>\"], alerts: all}]");
        Assert.True(NotifyFile.TryRead(path, TimeProvider.System.GetUtcNow(), out NotifySettings? settings, out _));
        using var mail = (EmailChannel)settings.Destinations[0].Open(TimeProvider.System);
        WeakReference[] made = Make(mail);
        GC.Collect();
        Assert.All(made, message => Assert.False(message.IsAlive));

        // Of no local of the test's.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference[] Make(EmailChannel mail) =>
        [
            .. Enumerable.Range(0, 10).Select(i =>
            {
                MimeMessage message = mail.MessageOf(new Notification($"ntf_{i}", "a", NotifyReason.Test, DateTimeOffset.UnixEpoch, "title", "text"));
                Assert.Equal(["oncall@example.org", "other@example.org"], message.To.Mailboxes.Select(to => to.Address));
                return new WeakReference(message);
            }),
        ];
    }
}
