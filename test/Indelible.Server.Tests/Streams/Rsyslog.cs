using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using Indelible.Server.Tests.Attacks;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>rsyslog, with a configuration of its own, on a port of its own, that writes each message it gets as a line of JSON. It takes senders with a certificate of the test's authority alone.</summary>
internal sealed class Rsyslog : IAsyncDisposable
{
    private const string Program = "/usr/sbin/rsyslogd";

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-rsyslog-").FullName;
    private Process? _process;

    public Rsyslog(TestAuthority authority)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        File.WriteAllText(PathOf("ca.pem"), authority.Pem);
        WriteCertificate(authority, "receiver", now, TestAuthority.ForServers);
        WriteCertificate(authority, "sender", now, TestAuthority.ForClients);
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        File.WriteAllText(PathOf("rsyslog.conf"), string.Create(CultureInfo.InvariantCulture, $$"""
            global(
              workDirectory="{{_folder}}"
              maxMessageSize="128k"
              parser.escapeControlCharactersOnReceive="off"
              defaultNetstreamDriverCAFile="{{PathOf("ca.pem")}}"
              defaultNetstreamDriverCertFile="{{PathOf("receiver.pem")}}"
              defaultNetstreamDriverKeyFile="{{PathOf("receiver.key")}}")
            module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
            input(type="imtcp" address="127.0.0.1" port="{{Port}}" ruleset="indelible")
            template(name="message" type="list" option.jsonf="on") {
              property(outname="pri" name="pri" format="jsonf")
              property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
              property(outname="host" name="hostname" format="jsonf")
              property(outname="app" name="app-name" format="jsonf")
              property(outname="msgid" name="msgid" format="jsonf")
              property(outname="sd" name="structured-data" format="jsonf")
              property(outname="msg" name="msg" format="jsonf")
            }
            ruleset(name="indelible") { action(type="omfile" file="{{PathOf("messages")}}" template="message") }

            """));
    }

    /// <summary>Why there is none here; null where there is.</summary>
    public static string? Missing => File.Exists(Program) && Directory.EnumerateFiles("/usr/lib", "lmnsd_gtls.so", SearchOption.AllDirectories).Any()
        ? null
        : "rsyslog with GnuTLS is not installed: apt-get install rsyslog rsyslog-gnutls";

    public int Port { get; }

    /// <summary>A file of its folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>The messages that it has written, in order.</summary>
    public IReadOnlyList<JsonElement> Messages()
    {
        if (!File.Exists(PathOf("messages")))
        {
            return [];
        }

        using var file = new StreamReader(new FileStream(PathOf("messages"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        string text = file.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    /// <summary>The messages that it has written, when they are what is wanted: looked at whenever it has written some.</summary>
    /// <exception cref="OperationCanceledException">They were not within a minute.</exception>
    public async Task<IReadOnlyList<JsonElement>> MessagesWhenAsync(Func<IReadOnlyList<JsonElement>, bool> condition)
    {
        var written = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var watcher = new FileSystemWatcher(_folder, "messages");
        watcher.Created += (_, _) => written.Writer.TryWrite(true);
        watcher.Changed += (_, _) => written.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        for (IReadOnlyList<JsonElement> messages = Messages(); ; messages = Messages())
        {
            if (condition(messages))
            {
                return messages;
            }

            await written.Reader.ReadAsync(timeout.Token);
        }
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public async Task StartAsync()
    {
        DropTornLine();
        File.Delete(PathOf("pid"));
        _process = Process.Start(new ProcessStartInfo(Program, ["-n", "-f", PathOf("rsyslog.conf"), "-i", PathOf("pid")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port, timeout.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                timeout.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    /// <summary>What it was writing when it was killed is no message: the next one would stand on the same line.</summary>
    private void DropTornLine()
    {
        if (File.Exists(PathOf("messages")))
        {
            byte[] text = File.ReadAllBytes(PathOf("messages"));
            File.WriteAllBytes(PathOf("messages"), text[..(Array.LastIndexOf(text, (byte)'\n') + 1)]);
        }
    }

    /// <summary>Ends it: as it is told to, or as if by an accident.</summary>
    public async Task StopAsync(bool isAccident = false)
    {
        if (_process is { } process)
        {
            _process = null;
            if (!process.HasExited)
            {
                if (isAccident)
                {
                    process.Kill();
                }
                else
                {
                    using var kill = Process.Start("kill", process.Id.ToString(CultureInfo.InvariantCulture));
                    await kill.WaitForExitAsync();
                }
            }

            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(isAccident: true);
        Directory.Delete(_folder, recursive: true);
    }

    private void WriteCertificate(TestAuthority authority, string name, DateTimeOffset now, string use)
    {
        using X509Certificate2 certificate = authority.Sign(["localhost"], now.AddHours(-1), now.AddHours(1), [use]);
        File.WriteAllText(PathOf(name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf(name + ".key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }
}
