using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>Exports by the command: files that are there only when they are whole, and that verify without the server.</summary>
public sealed class ExportCommandTests
{
    [Fact]
    public async Task An_export_with_proofs_verifies_with_the_key_alone_and_an_altered_one_does_not()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 300);
        string file = Path.Combine(server.Folder, "export.ndjson");
        Finished made = (await Command.RunAsync("export", "-q", "id:e-1*", "--proofs", "--out", file, "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);
        Assert.Equal(0, await server.StopAsync());

        Assert.Contains("111 entries", made.Output, StringComparison.Ordinal);
        Assert.Equal(["export.ndjson", "export.ndjson.manifest.json"], Directory.GetFiles(server.Folder).Select(Path.GetFileName).Order());
        string[] verify = ["verify", "--vkey", server.Vkey, "--export", file];
        Finished valid = (await Command.RunAsync(verify)).ShouldEnd(0);
        Assert.StartsWith("VALID", valid.Output, StringComparison.Ordinal);
        Assert.Contains("111 entries: each is canonical", valid.Output, StringComparison.Ordinal);
        (await Command.RunAsync("verify", "--vkey", server.ReceiptsVkey, "--export", file)).ShouldEnd(1);
        (await Command.RunAsync([.. verify, "--manifest", Path.Combine(server.Folder, "none")])).ShouldEnd(2);
        (await Command.RunAsync([.. verify, "--manifest", file])).ShouldEnd(1);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--manifest", file, "--dir", server.Folder)).ShouldEnd(2);
        (await Command.RunAsync([.. verify, "--state", file])).ShouldEnd(2);
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("test.run"u8)] = (byte)'T';
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        Finished altered = (await Command.RunAsync(verify)).ShouldEnd(1);
        Assert.Contains("line 1", altered.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ndjson")]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("ocsf")]
    public async Task Each_format_is_written_with_a_manifest_that_describes_it(string format)
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 30);
        string file = Path.Combine(server.Folder, "out");
        await File.WriteAllTextAsync(file, "what was there before", TestContext.Current.CancellationToken);

        Finished made = (await Command.RunAsync("export", "--format", format, "--out", file, "--json", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);

        using JsonDocument printed = JsonDocument.Parse(made.Output);
        using JsonDocument written = JsonDocument.Parse(await File.ReadAllBytesAsync(file + ".manifest.json", TestContext.Current.CancellationToken));
        Assert.True(JsonElement.DeepEquals(printed.RootElement, written.RootElement));
        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal((30, bytes.Length, format), (printed.RootElement.GetProperty("count").GetInt32(), printed.RootElement.GetProperty("bytes").GetInt32(), printed.RootElement.GetProperty("format").GetString()));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), printed.RootElement.GetProperty("sha256").GetString());
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--export", file)).ShouldEnd(3);
    }

    [Fact]
    public async Task Standard_output_takes_an_export_and_standard_error_what_is_said_of_it()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 30);

        Finished made = (await Command.RunAsync("export", "--as-of", "20", "--from", "2026-01-01T00:00:00Z", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0);

        Assert.Equal(20, made.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => JsonDocument.Parse(line).RootElement.TryGetProperty("leaf_hash", out _)));
        Assert.Contains("20 entries", made.Errors, StringComparison.Ordinal);
        Assert.Contains("as of size 20", made.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_that_is_cut_off_leaves_no_file_under_its_name()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendLargeAsync(server);

        // What was there before stays what it was.
        string file = Path.Combine(server.Folder, "export");
        await File.WriteAllTextAsync(file, "before", TestContext.Current.CancellationToken);

        // A server between the two that passes on so much and no more, and then behaves as if that were all.
        using var between = new Cutting(server.Url, 200_000);
        Finished cut = (await Command.RunAsync("export", "--out", file, "--url", between.Url, "--key", server.ReaderKey)).ShouldEnd(3);

        Assert.Contains("not complete", cut.Errors, StringComparison.Ordinal);
        Assert.Equal("before", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(file + ".manifest.json"));
        Assert.True(new FileInfo(file + ".partial").Length is > 0 and <= 200_000);
    }

    [Fact]
    public async Task A_server_that_dies_meanwhile_leaves_no_file_under_the_exports_name()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendLargeAsync(server);
        string file = Path.Combine(server.Folder, "export");
        using Process export = Command.Start(Command.Metadata("Command"), ["export", "--out", "-", "--url", server.Url, "--key", server.ReaderKey]);
        Task<string> errors = export.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        byte[] first = new byte[1];
        Assert.Equal(1, await export.StandardOutput.BaseStream.ReadAsync(first, TestContext.Current.CancellationToken));

        await server.KillAsync();

        await export.StandardOutput.BaseStream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        await export.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, export.ExitCode);
        Assert.Contains("not complete", await errors, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Mistakes_are_answered_with_2_and_leave_nothing()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await AppendAsync(server, 3);
        string file = Path.Combine(server.Folder, "export");
        foreach ((string[] arguments, string says) in new (string[], string)[]
        {
            (["-q", "actor:("], "At character"),
            (["--format", "tiles", "-q", "x"], "tiles"),
            (["--format", "csv", "--proofs"], "proofs"),
            (["--fields", "time"], "fields"),
            (["--format", "csv", "--fields", "nosuch"], "nosuch"),
            (["--as-of", "99"], "as_of"),
            (["--from", "yesterday"], "from"),
            (["--key", server.WriterKey], "right to export"),
            (["--log", "nosuch"], "nosuch"),
        })
        {
            string[] key = arguments[0] == "--key" ? [] : ["--key", server.ReaderKey];
            Finished refused = (await Command.RunAsync(["export", "--out", file, "--url", server.Url, .. key, .. arguments])).ShouldEnd(2);
            Assert.Contains(says, refused.Errors, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(server.Folder));
        (await Command.RunAsync("export", "--out", file, "--url", $"http://127.0.0.1:{Command.FreePort()}", "--key", server.ReaderKey)).ShouldEnd(3);
    }

    private static async Task AppendAsync(ServerProcess server, int count)
    {
        using HttpClient http = server.Client(server.WriterKey);
        using HttpResponseMessage response = await http.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, count).Select(i => $"e-{i}")));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static async Task AppendLargeAsync(ServerProcess server)
    {
        using HttpClient http = server.Client(server.WriterKey);
        string data = $$"""{"x":"{{new string('x', 7_000)}}","y":"{{new string('y', 7_000)}}"}""";
        for (int batch = 0; batch < 3; batch++)
        {
            string lines = string.Join('\n', Enumerable.Range(0, 1_000).Select(i =>
                $$$"""{"schema":"audit/1","id":"{{{batch}}}-{{{i}}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"tests"},"data":{{{data}}}}"""));
            using HttpResponseMessage response = await http.PostAsync("/api/logs/main/events", new StringContent(lines, Encoding.UTF8, "application/x-ndjson"));
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        }
    }

    /// <summary>Passes requests on to a server, and of each long answer the first bytes, as if it ended there.</summary>
    private sealed class Cutting : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly HttpClient _http;
        private readonly int _bytes;

        public Cutting(string server, int bytes)
        {
            _bytes = bytes;
            _http = new HttpClient { BaseAddress = new Uri(server) };
            Url = $"http://127.0.0.1:{Command.FreePort()}";
            _listener.Prefixes.Add(Url + "/");
            _listener.Start();
            _ = ServeAsync();
        }

        public string Url { get; }

        public void Dispose()
        {
            _listener.Close();
            _http.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    using var request = new HttpRequestMessage(HttpMethod.Get, context.Request.RawUrl);
                    request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers["Authorization"]);
                    using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    context.Response.StatusCode = (int)response.StatusCode;
                    if (response.Headers.TryGetValues("Indelible-Export", out IEnumerable<string>? id))
                    {
                        context.Response.Headers["Indelible-Export"] = id.Single();
                    }

                    await using Stream body = await response.Content.ReadAsStreamAsync();
                    byte[] buffer = new byte[_bytes];
                    int read = await body.ReadAtLeastAsync(buffer, _bytes, throwOnEndOfStream: false);
                    await context.Response.OutputStream.WriteAsync(buffer.AsMemory(0, read));
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or HttpRequestException)
            {
                // The test is over.
            }
        }
    }
}
