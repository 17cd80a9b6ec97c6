using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>Secrets: where they may come from, and where they never go.</summary>
public sealed class SecretTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-secret-").FullName;
    private readonly string _url = $"http://127.0.0.1:{Command.FreePort()}";
    private readonly StringBuilder _said = new();   // lock on itself; what the server printed
    private string _adminKey = "";
    private Process? _server;

    private string Data => Path.Combine(_folder, "data");

    private string MasterKey => Path.Combine(Data, "master.key");

    public async ValueTask InitializeAsync()
    {
        Finished made = (await Command.RunAsync("init", "--data", Data, "--tls", "--json")).ShouldEnd(0);
        _adminKey = JsonElement.Parse(made.Output).GetProperty("admin_key").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task No_secret_that_a_caller_shows_is_printed_answered_measured_or_kept()
    {
        // By TLS as well, whose certificate is told of: what is printed is heard here.
        await StartAsync([], "--log-level", "Trace", "--urls", $"{_url};https://localhost:{Command.FreePort()}");
        using var issuer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await TrustAsync(issuer);
        string writer = await NewKeyAsync("""{"kind":"writer","logs":["main"]}""");
        string revoked = await NewKeyAsync("""{"kind":"reader","logs":["main"]}""");
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync("DELETE", $"/api/keys/{IdOf(revoked)}", "Bearer " + _adminKey)).Status);
        string token = Token(issuer, "deploy");
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string forged = Token(stranger, "deploy");
        string granted = Token(issuer, "nobody");
        string unknown = "ind_r_" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        string cookie = "session-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        string password = "password-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        string basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("u:" + password));
        var answers = new StringBuilder();

        foreach ((string credential, HttpStatusCode status) in new[] { (writer, HttpStatusCode.Created), (token, HttpStatusCode.Created), (revoked, HttpStatusCode.Unauthorized), (forged, HttpStatusCode.Unauthorized), (granted, HttpStatusCode.Unauthorized), (unknown, HttpStatusCode.Unauthorized), (_adminKey, HttpStatusCode.Forbidden) })
        {
            string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential)));
            (HttpStatusCode got, string text) = await SendAsync("POST", "/api/logs/main/events", "Bearer " + credential, ServerProcess.Events(id), cookie);
            Assert.Equal(status, got);
            answers.Append(text);
            foreach (string path in new[] { "/api/logs/main/events?q=action:test.run", "/api/logs/none/events", "/api/me", "/api/issuers", "/logs/main/checkpoint" })
            {
                answers.Append((await SendAsync("GET", path, "Bearer " + credential, cookie: cookie)).Text);
            }
        }

        answers.Append((await SendAsync("GET", "/api/me", "Basic " + basic, cookie: cookie)).Text);
        answers.Append((await SendAsync("POST", "/api/break-glass", "Bearer " + unknown, new StringContent("{\"reason\":1}", Encoding.UTF8, "application/json"))).Text);

        // What is no header at all, or a request that is none, is where a server says what it could not read.
        foreach (string header in new[] { $"Authorization : Bearer {writer}", $"Authorization\tBearer {token}", $"Authorization Bearer {unknown}", $"Authorization: Bearer {writer}\u0001", $"Cookie : {cookie}", $" Bearer {token}" })
        {
            answers.Append(await RawAsync($"GET /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n"));
        }

        answers.Append(await RawAsync($"Bearer {writer}\r\n\r\n"));
        answers.Append((await SendAsync("GET", "/metrics", "Bearer " + _adminKey)).Text);
        await StopAsync();

        string said;
        lock (_said)
        {
            said = _said.ToString();
        }

        Assert.Contains("Connections use the certificate", said, StringComparison.Ordinal);
        byte[][] files = [.. Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(File.ReadAllBytes)];
        Assert.True(files.Length > 5);
        foreach (string secret in new[] { _adminKey, writer, revoked, unknown, token, forged, granted, token.Split('.')[2], forged.Split('.')[2], cookie, basic, password })
        {
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, answers.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(files, bytes => bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) >= 0);
        }
    }

    [Fact]
    public async Task A_key_is_read_from_a_variable_a_file_or_a_command()
    {
        await StartAsync([]);
        string file = Path.Combine(_folder, "key");
        await File.WriteAllTextAsync(file, _adminKey + "\n");

        Assert.Equal(0, (await KeysAsync("env:MY_KEY", ("MY_KEY", _adminKey))).Code);
        Assert.Equal(0, (await KeysAsync("file:" + file)).Code);
        Assert.Equal(0, (await KeysAsync($"command:/bin/cat {file}")).Code);
        Assert.Equal(0, (await KeysAsync(null, ("INDELIBLE_KEY", "file:" + file))).Code);
        Assert.Equal(0, (await KeysAsync(_adminKey)).Code);
    }

    [Fact]
    public async Task A_reference_that_leads_nowhere_says_so_and_shows_no_secret()
    {
        string empty = Path.Combine(_folder, "empty");
        await File.WriteAllTextAsync(empty, "\n");
        string binary = Path.Combine(_folder, "binary");
        await File.WriteAllBytesAsync(binary, [0xff, 0xfe, 0x00]);
        string large = Path.Combine(_folder, "large");
        await File.WriteAllTextAsync(large, new string('x', 70_000));
        string talks = Path.Combine(_folder, "talks");
        await File.WriteAllTextAsync(talks, "#!/bin/sh\necho hush-out\necho hush-err >&2\nexit 3\n");
        (await Command.ProgramAsync("/bin/chmod", null, "500", talks)).ShouldEnd(0);

        foreach ((string reference, string says) in new[]
        {
            ("env:NO_SUCH_VARIABLE", "no such variable"),
            ("env:", "no such variable"),
            ("env:" + _adminKey, "no such variable"),
            ("file:" + Path.Combine(_folder, "missing"), "no such file"),
            ("file:" + _folder, "cannot be read"),
            ("file:" + _adminKey, "no such file"),
            ("file:" + empty, "empty"),
            ("file:" + binary, "no text"),
            ("file:" + large, "more than 65536"),
            ("command:" + Path.Combine(_folder, "missing"), "cannot be run"),
            ("command:cat " + empty, "whole path"),
            ("command:", "whole path"),
            ("command:/bin/cat " + large, "more than 65536"),
            ($"command:{talks} hush-argument", "ended with 3"),
            ("command:/bin/echo $HOME;exit", ""),
        })
        {
            Finished ended = await KeysAsync(reference);
            Assert.NotEqual(0, ended.Code);
            Assert.Contains(says, ended.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain(_adminKey, ended.Output + ended.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("hush-", ended.Output + ended.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_command_that_does_not_end_is_ended()
    {
        Finished ended = (await KeysAsync("command:/bin/sleep 1000")).ShouldEnd(2);

        Assert.Contains("did not end within", ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("variable")]
    [InlineData("file")]
    [InlineData("command")]
    public async Task The_master_key_can_be_kept_outside_of_the_data_folder(string where)
    {
        string kept = Path.Combine(_folder, "kept");
        byte[] key = await File.ReadAllBytesAsync(MasterKey);
        if (where == "file")
        {
            File.Copy(MasterKey, kept);
        }
        else
        {
            await File.WriteAllTextAsync(kept, Convert.ToBase64String(key) + "\n");
        }

        (string, string)[] environment = where == "variable" ? [("MASTER", Convert.ToBase64String(key))] : [];
        string reference = where switch { "variable" => "env:MASTER", "file" => "file:" + kept, _ => $"command:/bin/cat {kept}" };
        Finished both = await ServeAsync(reference, environment);
        Assert.Contains("as well", both.ShouldEnd(2).Errors, StringComparison.Ordinal);
        File.Delete(MasterKey);

        await StartAsync(environment, "--master-key", reference);
        await NewKeyAsync("""{"kind":"writer","logs":["main"]}""");
        Assert.False(File.Exists(MasterKey));
        if (where != "variable")
        {
            (await Command.RunAsync("backup", "--data", Data, "--to", Path.Combine(_folder, "backup"), "--master-key", reference)).ShouldEnd(0);
        }

        Assert.NotEqual(0, (await Command.RunAsync("backup", "--data", Data, "--to", Path.Combine(_folder, "other"))).Code);
        await StopAsync();
        (await ServeAsync(null, [])).ShouldEnd(2);
    }

    [Fact]
    public async Task A_master_key_that_is_none_or_another_stops_the_start_and_is_not_shown()
    {
        string other = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string kept = Path.Combine(_folder, "kept");
        File.Move(MasterKey, kept);

        Assert.Contains("another master key", (await ServeAsync("env:MASTER", [("MASTER", other)])).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Finished given = (await ServeAsync(other, [])).ShouldEnd(2);
        Assert.Contains("not the secret", given.Errors, StringComparison.Ordinal);
        Finished wrong = (await ServeAsync("env:MASTER", [("MASTER", other[1..])])).ShouldEnd(2);
        Assert.Contains("no master key", wrong.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(other[1..], given.Errors + wrong.Errors, StringComparison.Ordinal);
    }

    private async Task<Finished> KeysAsync(string? key, params (string, string)[] environment) => await EndAsync(["keys", "list", "--url", _url, .. key is null ? Array.Empty<string>() : ["--key", key]], environment);

    private Task<Finished> ServeAsync(string? masterKey, (string, string)[] environment) =>
        EndAsync(["serve", "--data", Data, "--urls", _url, .. masterKey is null ? Array.Empty<string>() : ["--master-key", masterKey]], environment);

    private static async Task<Finished> EndAsync(string[] arguments, (string, string)[] environment)
    {
        using Process process = Command.Start(Command.Metadata("Command"), arguments, environment: environment);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Finished(process.ExitCode, await output, errors);
    }

    private async Task StartAsync((string, string)[] environment, params string[] flags)
    {
        _server = Command.Start(Command.Metadata("Command"), ["serve", "--data", Data, .. flags.Contains("--urls") ? Array.Empty<string>() : ["--urls", _url], .. flags], environment: environment);
        var serves = new TaskCompletionSource();
        _server.ErrorDataReceived += (_, line) => Keep(line.Data);
        _server.OutputDataReceived += (_, line) =>
        {
            Keep(line.Data);
            if (line.Data is null || line.Data.StartsWith("Indelible serves", StringComparison.Ordinal))
            {
                serves.TrySetResult();
            }
        };
        _server.BeginErrorReadLine();
        _server.BeginOutputReadLine();
        await serves.Task;

        void Keep(string? line)
        {
            lock (_said)
            {
                _said.Append(line).Append('\n');
            }
        }
    }

    private async Task StopAsync()
    {
        if (_server is { HasExited: false })
        {
            await Command.ProgramAsync("/bin/kill", null, "-TERM", $"{_server.Id}");
            await _server.WaitForExitAsync();
        }

        _server?.Dispose();
        _server = null;
    }

    private async Task TrustAsync(ECDsa issuer)
    {
        ECPoint point = issuer.ExportParameters(false).Q;
        string x = System.Buffers.Text.Base64Url.EncodeToString(point.X);
        string y = System.Buffers.Text.Base64Url.EncodeToString(point.Y);
        foreach ((string path, string json) in new[]
        {
            ("/api/principals", """{"name":"ci:deploy","kind":"service"}"""),
            ("/api/grants", """{"principal":"ci:deploy","role":"writer","logs":["main"]}"""),
            ("/api/issuers", $$$"""{"id":"ci","issuer":"https://issuer.example","audience":"indelible","algorithms":["ES256"],"prefix":"ci:","keys":{"keys":[{"kty":"EC","crv":"P-256","x":"{{{x}}}","y":"{{{y}}}"}]}}"""),
        })
        {
            (HttpStatusCode status, string text) = await SendAsync("POST", path, "Bearer " + _adminKey, new StringContent(json, Encoding.UTF8, "application/json"));
            Assert.True(status == HttpStatusCode.Created, text);
        }
    }

    private static string Token(ECDsa key, string sub)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string claims = $$"""{"iss":"https://issuer.example","aud":"indelible","sub":"{{sub}}","iat":{{now}},"exp":{{now + 600}}}""";
        string input = System.Buffers.Text.Base64Url.EncodeToString("""{"alg":"ES256"}"""u8) + "." + System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return input + "." + System.Buffers.Text.Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256));
    }

    private static string IdOf(string key) => key[..6] + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 6));

    private async Task<string> NewKeyAsync(string json)
    {
        (HttpStatusCode status, string text) = await SendAsync("POST", "/api/keys", "Bearer " + _adminKey, new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.True(status == HttpStatusCode.Created, text);
        return JsonElement.Parse(text).GetProperty("key").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(string method, string path, string authorization, HttpContent? content = null, string? cookie = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var request = new HttpRequestMessage(new HttpMethod(method), _url + path) { Content = content };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", "__Host-session=" + cookie);
        }

        using HttpResponseMessage answer = await http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        var address = new Uri(_url);
        await client.ConnectAsync(address.Host, address.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // The server closed before it had read everything.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
