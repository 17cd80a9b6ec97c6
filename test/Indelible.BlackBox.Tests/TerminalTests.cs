using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>What reaches a terminal when entries, or the server itself, are written by somebody who wants to write to it.</summary>
public sealed class TerminalTests
{
    /// <summary>Controls of terminals, of bidirectional text and of nothing to be seen: each would hide, move, rename or copy something.</summary>
    private const string Hostile =
        "\u001b[2J\u001b[1;31mVALID\u001b[0m" +                          // clears the screen, paints
        "\u001b]0;title\u0007\u001b]52;c;cm0gLXJm\u0007" +                // names the window, writes the clipboard
        "\u001b]8;;https://elsewhere.example\u001b\\link\u001b]8;;\u001b\\" +
        "\u001bP+q544e\u001b\\\u001b[6n\u001b[21t" +                      // asks the terminal, which answers as if typed
        "\u009b31m\u009d52;c;eA==\u009c\u0090\u0085\u0080\u009f\u007f" +  // the same as single C1 characters
        "\r\n\n\r\t\b\v\f\a\0\u000e\u000f" +
        "\u202eesrever\u202c\u2066a\u2067b\u2068c\u2069\u200e\u200f\u061c" +
        "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164\uffa0\u2800\ufe0f\ufff9\ufffb\u180e" +
        "\u2028\u2029\udb40\udc41\udb40\udd01\ue000\udbff\udffd";

    private static readonly string s_marks = "Z" + string.Concat(Enumerable.Repeat("\u0301\u0489\u0f73", 60)) + "algo";

    [Fact]
    public async Task Nothing_of_a_hostile_entry_reaches_the_terminal_but_visible_text()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient http = server.Client(server.WriterKey))
        {
            using HttpResponseMessage appended = await http.PostAsync("/api/logs/main/events", new StringContent(HostileEvent(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            Assert.True(appended.IsSuccessStatusCode, await appended.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        string[] reader = ["--url", server.Url, "--key", server.ReaderKey];
        string[] admin = ["--url", server.Url, "--key", server.AdminKey];
        foreach (string[] command in (string[][])[
            ["search", .. reader], ["search", "--json", .. reader], ["search", "--explain", "message:\"" + Hostile.Replace("\0", "", StringComparison.Ordinal) + "\"", .. reader],
            ["search", "(" + Hostile.Replace("\0", "", StringComparison.Ordinal), .. reader],
            ["show", "0", .. reader], ["show", "0", "--clear", .. reader], ["show", "0", "--openings", .. reader], ["show", "77", .. reader],
            ["sources", .. reader], ["sources", "--json", .. reader], ["logs", .. reader], ["logs", "--json", .. reader],
            ["keys", "list", .. admin], ["keys", "list", "--json", .. admin], ["keys", "revoke", "\u001b[2J\u202e", .. admin],
            ["keys", "create", "--kind", "reader", "--log", "\u001b]52;c;eA==\a", .. admin], ["logs", "create", "\u001b[31m\u009b", .. admin],
            ["verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey],
            ["verify", "--vkey", "\u001b[31m\u202e", "--url", server.Url + "/logs/main"], ["verify", "--vkey", server.Vkey, "--dir", "/nosuch/\u001b[31m\u202e"],
            ["verify", "--json", "--vkey", server.Vkey, "--dir", "/nosuch/\u001b[31m\u202e\u200b"],
            ["\u001b[31mnosuch\u202e"], ["search", "--\u001b[31m\u202e"]])
        {
            Finished run = await Command.RunAsync(command);
            ShouldBeVisible(command, run.Output);
            ShouldBeVisible(command, run.Errors);
            if (command.Contains("--json") && run.Code == 0)
            {
                using JsonDocument json = JsonDocument.Parse(run.Output.Split('\n')[0]);
            }
        }
    }

    [Fact]
    public async Task JSON_means_the_same_after_it_was_made_visible()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient http = server.Client(server.WriterKey))
        {
            (await http.PostAsync("/api/logs/main/events", new StringContent(HostileEvent(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }

        string[] reader = ["--url", server.Url, "--key", server.ReaderKey];
        using JsonDocument found = JsonDocument.Parse((await Command.RunAsync(["search", "--json", .. reader])).ShouldEnd(0).Output);
        using JsonDocument shown = JsonDocument.Parse((await Command.RunAsync(["show", "0", .. reader])).ShouldEnd(0).Output);

        Assert.Equal(Hostile + s_marks, found.RootElement.GetProperty("entry").GetProperty("message").GetString());
        Assert.Equal(Hostile + s_marks, shown.RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_followed_log_writes_visible_text_alone()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        foreach (string[] form in (string[][])[[], ["--json"]])
        {
            using Process tail = Command.Start(Command.Metadata("Command"), ["tail", "--url", server.Url, "--key", server.ReaderKey, "--after", "0", .. form]);
            using HttpClient http = server.Client(server.WriterKey);
            Task<string?> line = tail.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
            for (int i = 0; !line.IsCompleted; i++)
            {
                (await http.PostAsync("/api/logs/main/events", new StringContent(HostileEvent($"e-{string.Concat(form)}-{i}"), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            }

            ShouldBeVisible(["tail", .. form], await line ?? "");
            tail.Kill();
        }
    }

    /// <summary>A server that answers everything with hostile text, in the fields that each command prints.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(500)]
    public async Task A_hostile_server_writes_nothing_to_the_terminal_of_its_caller(int status)
    {
        string text = JsonSerializer.Serialize(Hostile);
        string number = text;
        string place = $$"""{"index":{{number}},"received_at":{{text}}}""";
        string answer = $$"""
            {"detail":{{text}},"title":{{text}},"type":{{text}},"errors":[{"pointer":{{text}},"detail":{{text}},"code":{{text}}}],
            "id":{{text}},"key":{{text}},"vkey":{{text}},"name":{{text}},"explain":{{text}},"query":{{text}},"as_of":{{number}},"next":null,
            "total":{"value":{{number}},"exact":true},"notices":[{{text}}],
            "items":[{"index":{{number}},"entry":{"time":{{text}},"action":{{text}},"outcome":{{text}},"actor":{"id":{{text}}},"targets":[{"type":{{text}},"id":{{text}}}],"source":{"hostname":{{text}} } } }],
            "keys":[{"id":{{text}},"kind":{{text}},"principal":{{text}},"logs":[{{text}}],"revoked":false,"expires":{{text}}}],
            "logs":[{"name":{{text}},"size":{{number}},"vkey":{{text}},"successor":{{text}}}],
            "sources":[{"service":{{text}},"instance":{{text}},"principal":{{text}},"flags":[{{text}}],"events":{{number}},"events_last_hour":{{number}},"last":{{place}},
              "streams":[{"id":{{text}},"gaps":{"only_counted":1,"only_counted_missing":{{number}},"items":[{"first":{{number}},"last":{{number}},"missing":{{number}},"after":{{place}},"before":{{place}},"closed":null}]} }]}],
            "expected":[{"name":{{text}},"interval_s":{{number}},"silent":true,"silent_since":{{text}}}],
            "refused":[{"principal":{{text}},"events":{{number}},"reasons":{ {{text}}:{{number}} } }],
            "totals":{"sources":{{number}},"open_gaps":{{number}},"missing":{{number}},"silent":{{number}},"unread_entries":1,"forgotten":{"sources":1,"missing":{{number}} } } }
            """;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var ending = new CancellationTokenSource();
        Task serving = ServeAsync(listener, $"HTTP/1.1 {status} \u001b[31m\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(answer)}\r\nConnection: close\r\n\r\n{answer}", ending.Token);
        string[] access = ["--url", $"http://{listener.LocalEndpoint}", "--key", "k"];
        foreach (string[] command in (string[][])[
            ["search", .. access], ["search", "--json", .. access], ["search", "--explain", .. access], ["show", "0", .. access], ["sources", .. access], ["sources", "--json", .. access],
            ["logs", .. access], ["logs", "--json", .. access], ["logs", "create", "x", .. access], ["logs", "create", "x", "--json", .. access],
            ["keys", "list", .. access], ["keys", "list", "--json", .. access], ["keys", "create", "--kind", "reader", .. access], ["keys", "create", "--kind", "reader", "--json", .. access],
            ["keys", "revoke", "x", .. access], ["verify", "--vkey", "x+00000000+AA", .. access]])
        {
            Finished run = await Command.RunAsync(command);
            ShouldBeVisible(command, run.Output);
            ShouldBeVisible(command, run.Errors);
            int lines = (run.Output + run.Errors).Count(c => c == '\n');
            Assert.True(lines <= 8, $"{string.Join(' ', command)} wrote {lines} lines:\n{run.Output}{run.Errors}");
        }

        await ending.CancelAsync();
        await serving;
    }

    /// <summary>The server's own log names the path of a request that failed.</summary>
    [Fact]
    public async Task What_a_caller_chooses_forges_no_line_of_the_servers_own_log()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient http = server.Client(server.WriterKey))
        {
            (await http.PostAsync("/api/logs/main/events", ServerProcess.Events("needle"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }

        foreach (string file in Directory.EnumerateFiles(Path.Combine(server.Data, "journal")))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            stream.Position = Math.Max(bytes.AsSpan().IndexOf("needle"u8), 0);
            stream.WriteByte(bytes.AsSpan().IndexOf("needle"u8) < 0 ? bytes[0] : (byte)'N');
        }

        using (HttpClient http = server.Client(server.ReaderKey))
        {
            // Space before a number is not noticed by routing, and so lies in the path that the failure is logged with.
            foreach (string index in (string[])["0", "%0d0", "%0b%0c0", "%0a%0a0"])
            {
                using HttpResponseMessage damaged = await http.GetAsync($"/api/logs/main/events/{index}", TestContext.Current.CancellationToken);
                Assert.Contains((int)damaged.StatusCode, (int[])[404, 500]);
            }
        }

        Assert.Equal(0, await server.StopAsync());
        string log = await server.ErrorsAsync();
        Assert.Contains("Storage failed at", log, StringComparison.Ordinal);
        ShouldBeVisible(["serve"], log);
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z (warn|fail|crit): ", line));
    }

    private static string HostileEvent(string id = "a")
    {
        string text = JsonSerializer.Serialize(Hostile + s_marks);
        string shorter = JsonSerializer.Serialize(Hostile[..Math.Min(Hostile.Length, 120)]);
        return $$"""
            {"schema":"audit/1","id":"{{id}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","message":{{text}},
            "actor":{"id":{{shorter}},"type":"user","name":{{shorter}}},"service":{"name":{{shorter}},"instance_id":{{shorter}}},
            "targets":[{"type":"invoice","id":{{shorter}},"name":{{shorter}}}],"source":{"hostname":{{shorter}},"user_agent":{{text}}},
            "reason":{"text":{{text}}},"data":{ {{JsonSerializer.Serialize("\u001b[31m\u202e")}}:{{text}} },"labels":{"x":{{shorter}} } }
            """;
    }

    private static void ShouldBeVisible(string[] command, string text)
    {
        int marks = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            bool isVisible = rune.Value == '\n' || (marks <= 8 && category is not (
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
                && !"\u034f\u115f\u3164\uffa0\u2800\ufe0f\u180e".Contains(rune.ToString(), StringComparison.Ordinal));
            Assert.True(isVisible, string.Create(CultureInfo.InvariantCulture, $"{JsonSerializer.Serialize(string.Join(' ', command))} wrote U+{rune.Value:X4}"));
        }
    }

    private static async Task ServeAsync(TcpListener listener, string answer, CancellationToken cancellationToken)
    {
        byte[] request = new byte[64 * 1024];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(cancellationToken);
                NetworkStream stream = client.GetStream();
                await stream.ReadAtLeastAsync(request, 1, throwOnEndOfStream: false, cancellationToken);
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
                client.Client.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(request, cancellationToken) > 0)
                {
                    // Until the caller has read it all and closes.
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The caller has gone, or the test is over.
            }
        }
    }
}
