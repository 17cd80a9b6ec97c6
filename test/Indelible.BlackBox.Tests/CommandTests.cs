using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>The command as its users call it: what it prints, and the exit codes 0 done or valid, 1 not valid, 2 wrong usage, 3 could not tell.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task An_altered_segment_is_named_by_segment_block_and_bytes()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 0, 600);
        string segments = Path.Combine(server.Data, "logs", "main", "segments");
        while (!Directory.Exists(segments) || Directory.GetFiles(segments, "*.segment").Length < 2)
        {
            await Task.Yield();
        }

        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
        Assert.Equal(0, await server.StopAsync());
        string path = Path.Combine(segments, "0000000000000256.segment");
        File.SetAttributes(path, FileAttributes.Normal);
        byte[] bytes = await File.ReadAllBytesAsync(path);
        bytes[1_000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        string output = (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(1).Output;
        Assert.Contains("NOT VALID", output, StringComparison.Ordinal);
        Assert.Matches("Segment 256 of log main block 0 \\(entries 256 to 511, bytes [0-9]+ to [0-9]+\\)", output);
    }

    [Fact]
    public async Task A_verifier_that_remembers_notices_a_log_that_was_set_back()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string state = Path.Combine(server.Folder, "state");
        string old = Path.Combine(server.Folder, "old");
        await AppendAsync(server, 0, 10);
        (await Command.RunAsync("export", "--format", "tiles", "--out", old, "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        await AppendAsync(server, 10, 10);
        string[] verify = ["verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey, "--state", state];
        (await Command.RunAsync(verify)).ShouldEnd(3);
        (await Command.RunAsync([.. verify, "--init-state"])).ShouldEnd(0);
        (await Command.RunAsync(verify)).ShouldEnd(0);
        Assert.Contains("set back", (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", old, "--state", state)).ShouldEnd(1).Output, StringComparison.Ordinal);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", old)).ShouldEnd(0);
        await File.WriteAllTextAsync(state, "not a note\n");
        (await Command.RunAsync(verify)).ShouldEnd(3);
    }

    [Fact]
    public async Task What_an_interrupted_run_hashed_convicts_nobody()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string state = Path.Combine(server.Folder, "state");
        await AppendAsync(server, 0, 600);
        string[] verify = ["verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey, "--state", state, "--incremental"];
        (await Command.RunAsync([.. verify, "--init-state"])).ShouldEnd(0);
        Assert.Contains("the first 512 entries", (await Command.RunAsync(verify)).ShouldEnd(0).Output, StringComparison.Ordinal);

        // The place that a run over another log's entries would have left, before it came to the root.
        string[] lines = await File.ReadAllLinesAsync(state + ".frontier");
        lines[5] = "interrupted";
        lines[7] = string.Join(' ', lines[7].Split(' ').Reverse());
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(lines[..^1].Select(line => line + "\n")));
        await File.WriteAllBytesAsync(state + ".frontier", [.. text, .. Encoding.UTF8.GetBytes(Convert.ToHexStringLower(SHA256.HashData(text)) + "\n")]);
        Assert.DoesNotContain("earlier runs", (await Command.RunAsync(verify)).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Contains("the first 512 entries", (await Command.RunAsync(verify)).ShouldEnd(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receipts_are_verified_as_they_come_and_all_of_them_are_judged()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string receipts = Path.Combine(server.Folder, "receipts");
        string events = Path.Combine(server.Folder, "events");
        string state = Path.Combine(server.Folder, "state");
        await File.WriteAllTextAsync(events, await ServerProcess.Events(Enumerable.Range(0, 300).Select(i => $"e-{i}")).ReadAsStringAsync());
        string[] append = ["append", events, "--url", server.Url, "--key", server.WriterKey, "--ack", "published", "--receipts", receipts];
        (await Command.RunAsync([.. append, "--receipts-vkey", server.ReceiptsVkey])).ShouldEnd(0);
        string[] verify = ["verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey];
        string[] judge = [.. verify, "--state", state, "--incremental", "--receipts", receipts, "--receipts-vkey", server.ReceiptsVkey];
        Assert.Contains("300 of 300 receipts", (await Command.RunAsync([.. judge, "--init-state"])).ShouldEnd(0).Output, StringComparison.Ordinal);
        Assert.Contains("300 of 300 receipts", (await Command.RunAsync(judge)).ShouldEnd(0).Output, StringComparison.Ordinal);

        string empty = Path.Combine(server.Folder, "empty");
        await File.WriteAllTextAsync(empty, "");
        (await Command.RunAsync([.. verify, "--receipts", empty, "--receipts-vkey", server.ReceiptsVkey])).ShouldEnd(2);
        Assert.Contains("the receipt of e-0 at index 0", (await Command.RunAsync([.. append, "--receipts-vkey", server.Vkey])).ShouldEnd(1).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/hostname")]
    [InlineData("http://127.0.0.1:1/logs/main/checkpoint")]
    public async Task A_server_that_sends_the_verifier_elsewhere_is_not_followed(string elsewhere)
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<Finished> verified = Command.RunAsync("verify", "--json", "--vkey", server.Vkey, "--key", server.ReaderKey, "--url", $"http://{listener.LocalEndpoint}/logs/main");
        using (TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"), TestContext.Current.CancellationToken);
            await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }

        using JsonDocument report = JsonDocument.Parse((await verified).ShouldEnd(3).Output);
        Assert.Equal("could_not_tell", report.RootElement.GetProperty("verdict").GetString());
        Assert.Contains(elsewhere, report.RootElement.GetProperty("unclear")[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_sends_a_command_elsewhere_is_not_followed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        elsewhere.Start();
        Task<Finished> listed = Command.RunAsync("keys", "list", "--key", "ind_a_" + new string('A', 43), "--url", $"http://{listener.LocalEndpoint}");
        using (TcpClient client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere.LocalEndpoint}/api/keys\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
            await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }

        // Who followed would wait there for an answer.
        Assert.Same(listed, await Task.WhenAny(listed, elsewhere.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask()));
        Finished finished = await listed;
        Assert.NotEqual(0, finished.Code);
        Assert.Contains("307", finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_told_is_never_called_valid()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string other = Path.Combine(server.Folder, "other");
        Directory.CreateDirectory(Path.Combine(other, "checkpoint"));
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", Path.Combine(server.Folder, "none"))).ShouldEnd(3);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--dir", other)).ShouldEnd(3);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", other)).ShouldEnd(1);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--url", $"http://127.0.0.1:{Command.FreePort()}/logs/main")).ShouldEnd(3);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--url", server.Url + "/logs/main")).ShouldEnd(3);
        (await Command.RunAsync("verify", "--vkey", server.Vkey)).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", "nonsense", "--dir", other)).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", server.ReceiptsVkey, "--url", server.Url + "/logs/main", "--key", server.ReaderKey)).ShouldEnd(1);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--proof", other)).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data, "--entry", other)).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--proof", other, "--entry", other, "--state", other)).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--proof", other, "--entry", other)).ShouldEnd(2);
    }

    [Fact]
    public async Task A_copied_folder_is_served_only_by_who_says_so()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        Assert.Equal(0, await server.StopAsync());
        string copy = Path.Combine(server.Folder, "copy");
        (await Command.ProgramAsync("/bin/cp", null, "-a", server.Data, copy)).ShouldEnd(0);
        Assert.Contains("--accept-copy", (await Command.RunAsync("serve", "--data", copy)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        await using (ServerProcess accepted = await server.SucceedAsync(copy, null, "--accept-copy"))
        {
            (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", copy)).ShouldEnd(0);
            Assert.Equal(0, await accepted.StopAsync());
        }

        await using ServerProcess own = await server.SucceedAsync(copy, null);
        await server.StartAsync();
    }

    [Fact]
    public async Task Mistakes_are_answered_with_2_and_a_sentence()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string[] url = ["--url", server.Url];
        string events = Path.Combine(server.Folder, "events.ndjson");
        await File.WriteAllTextAsync(events, "{\"schema\":\"audit/1\"}\n");
        foreach ((string[] arguments, string says) in new (string[], string)[]
        {
            (["init", "--data", server.Data], "not empty"),
            (["init", "--data", Path.Combine(server.Folder, "new"), "--log", "Upper"], "lower-case"),
            (["init", "--data", Path.Combine(server.Folder, "new"), "--host", "a b"], "host"),
            (["serve", "--data", server.Data], "in use"),
            (["serve", "--data", Path.Combine(server.Folder, "none")], "indelible init"),
            (["serve", "--data", server.Data, "--publish-interval-ms", "x", "--log-level", "loud"], "log_level"),
            (["search", "actor:(", .. url, "--key", server.ReaderKey], "At character"),
            (["search", "--nope", .. url, "--key", server.ReaderKey], "--nope"),
            (["search", "x", .. url, "--key", server.WriterKey], "reader's key"),
            (["append", events, .. url, "--key", server.ReaderKey], "writer's key"),
            (["append", events, .. url, "--key", server.WriterKey], "/action"),
            (["append", Path.Combine(server.Folder, "none"), .. url, "--key", server.WriterKey], "none"),
            (["logs", .. url, "--key", "ind_r_unknown"], "key"),
            (["keys", "list", .. url, "--key", server.ReaderKey], "right to inspect"),
            (["nonsense"], "nonsense"),
        })
        {
            Finished finished = (await Command.RunAsync(arguments)).ShouldEnd(2);
            Assert.Contains(says, finished.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", finished.Errors, StringComparison.Ordinal);
        }

        (await Command.RunAsync("search", "x", "--url", $"http://127.0.0.1:{Command.FreePort()}", "--key", server.ReaderKey)).ShouldEnd(3);
    }

    [Fact]
    public async Task Records_that_do_not_map_are_named_and_the_others_imported()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string file = Path.Combine(server.Folder, "trail.json");
        const string Good = """{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/a"},"eventTime":"2023-07-10T11:42:36Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"x","sourceIPAddress":"192.0.2.1","requestParameters":null,"responseElements":null,"eventID":"e-1","readOnly":true,"eventType":"AwsApiCall"}""";
        await File.WriteAllTextAsync(file, $$"""{"Records":[{{Good}},{"eventName":"no more"}]}""");
        Finished first = (await Command.RunAsync("import", "cloudtrail", file, "--url", server.Url, "--key", server.WriterKey)).ShouldEnd(2);
        Assert.Contains("1 records imported", first.Output, StringComparison.Ordinal);
        Assert.Contains("trail.json", first.Errors, StringComparison.Ordinal);
        Finished found = (await Command.RunAsync("search", "action:aws.s3.get_object", "source.ip:192.0.2.0/24", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        Assert.Contains("arn:aws:iam::1:user/a", found.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demonstration_is_the_same_for_the_same_seed()
    {
        Finished one = (await Command.RunAsync("demo", "--print", "--events", "2000", "--seed", "3")).ShouldEnd(0);
        Finished two = (await Command.RunAsync("demo", "--print", "--events", "2000", "--seed", "3")).ShouldEnd(0);
        Finished other = (await Command.RunAsync("demo", "--print", "--events", "2000", "--seed", "4")).ShouldEnd(0);
        Assert.Equal(one.Output, two.Output);
        Assert.NotEqual(one.Output, other.Output);
    }

    private static async Task AppendAsync(ServerProcess server, int first, int count)
    {
        using HttpClient http = server.Client(server.WriterKey);
        using HttpResponseMessage response = await http.PostAsync(
            "/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(first, count).Select(i => $"e-{i}")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }
}
