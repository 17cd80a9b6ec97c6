using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Indelible.AspNetCore.Tests.Samples;

/// <summary>The sample of the tutorial: the application without, the application with, and the difference that the tutorial shows.</summary>
public sealed partial class ClinicTests
{
    private static readonly string s_root = Programs.Metadata("Root");

    [Fact]
    public async Task The_tutorial_s_difference_makes_the_one_application_of_the_other()
    {
        string tutorial = await File.ReadAllTextAsync(Path.Combine(s_root, "docs/tutorial-aspnetcore.md"));
        string patch = string.Concat(DiffPattern().Matches(tutorial).Select(match => match.Groups[1].Value));
        string folder = Directory.CreateTempSubdirectory("indelible-patch-").FullName;
        foreach (string file in Directory.GetFiles(Path.Combine(s_root, "samples/Clinic")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "tutorial.patch"), patch);
        await Programs.RunAsync("git", "-C", folder, "apply", "--unidiff-zero", "tutorial.patch");

        // The patched project builds because the audited one, whose sources are the same, is built with these tests and run below.
        string audited = Path.Combine(s_root, "samples/Clinic.Audited");
        string[] names = [.. Directory.GetFiles(audited).Select(Path.GetFileName).Where(name => name is not ("packages.lock.json" or "Clinic.Audited.csproj")).Order(StringComparer.Ordinal)!];
        Assert.Contains("Program.cs", names);
        foreach (string name in names)
        {
            Assert.Equal(await File.ReadAllTextAsync(Path.Combine(audited, name)), await File.ReadAllTextAsync(Path.Combine(folder, name)));
        }

        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(audited, "Clinic.Audited.csproj")), await File.ReadAllTextAsync(Path.Combine(folder, "Clinic.csproj")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_application_without_works_as_the_application_with()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        using Process clinic = Programs.Start("dotnet", [Programs.Metadata("Clinic"), "--urls", "http://127.0.0.1:0"], ("ConnectionStrings__Clinic", postgres.ConnectionString), ("Clinic__FirstPassword", "first"));
        try
        {
            await VisitAsync(await Programs.AddressAsync(clinic));
        }
        finally
        {
            clinic.Kill();
        }
    }

    [Fact]
    public async Task Every_visit_to_the_audited_application_is_found_in_the_log_and_a_deletion_needs_the_log()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        string folder = Directory.CreateTempSubdirectory("indelible-clinic-log-").FullName;
        string command = Programs.Metadata("Command");
        using JsonDocument made = JsonDocument.Parse(await Programs.RunAsync(command, "init", "--data", Path.Combine(folder, "data"), "--json"));
        string admin = made.RootElement.GetProperty("admin_key").GetString()!;
        using Process server = Programs.Start(command, ["serve", "--data", Path.Combine(folder, "data"), "--urls", "http://127.0.0.1:0"]);
        Process? clinic = null;
        try
        {
            Uri log = await Programs.AddressAsync(server);
            string writer = await KeyAsync("writer");
            string reader = await KeyAsync("reader");
            clinic = Programs.Start(
                "dotnet",
                [Programs.Metadata("Clinic.Audited"), "--urls", "http://127.0.0.1:0"],
                ("ConnectionStrings__Clinic", postgres.ConnectionString),
                ("Clinic__FirstPassword", "first"),
                ("Indelible__ServerUrl", log.ToString()),
                ("Indelible__Key", writer),
                ("Indelible__LogVkey", made.RootElement.GetProperty("logs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "main").GetProperty("vkey").GetString()!),
                ("Indelible__ReceiptsVkey", made.RootElement.GetProperty("receipts_vkey").GetString()!),
                ("Indelible__SpoolFolder", Path.Combine(folder, "spool")),
                ("Indelible__GuaranteedBudget", "00:00:20"),
                ("Indelible__AspNetCore__IntentBudget", "00:00:30"));
            HttpClient ada = await VisitAsync(await Programs.AddressAsync(clinic));
            string[] expected =
            [
                "auth.login failure st-1", "auth.login failure unknown", "auth.login success st-2", "patient_record.search success st-2", "patient_record.read success st-2", "patient_record.note.create success st-2",
                "patient_record.delete failure st-2", "auth.logout success st-2", "patient_record.read failure anonymous", "auth.login success st-1", "patient_record.delete unknown st-1", "patient_record.delete success st-1",
            ];
            string[] found = await FindAsync(log, reader, expected.Length);
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));

            server.Kill();
            await server.WaitForExitAsync();
            using HttpResponseMessage refused = await ada.DeleteAsync("/patients/p-1");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await ada.GetAsync("/patients/p-1")).StatusCode);

            async Task<string> KeyAsync(string kind)
            {
                using JsonDocument key = JsonDocument.Parse(await Programs.RunAsync(command, "keys", "create", "--kind", kind, "--log", "main", "--url", log.ToString(), "--key", admin, "--json"));
                return key.RootElement.GetProperty("key").GetString()!;
            }
        }
        finally
        {
            clinic?.Kill();
            server.Kill();
            await server.WaitForExitAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A day at the clinic; the doctor's client at its end.</summary>
    private static async Task<HttpClient> VisitAsync(Uri address)
    {
        HttpClient ben = NewClient(address);
        Assert.Equal(HttpStatusCode.OK, (await ben.GetAsync("/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync(ben, "ada", "wrong")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync(ben, "first", "ada")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await LoginAsync(ben, "ben", "first")).StatusCode);
        Assert.Contains("Grace Hopper", await ben.GetStringAsync("/patients?name=hop"), StringComparison.Ordinal);
        Assert.Contains("north", await ben.GetStringAsync("/patients/p-1"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await ben.PostAsJsonAsync("/patients/p-1/notes", new { text = "stable" })).StatusCode);
        Assert.False((await ben.DeleteAsync("/patients/p-2")).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await ben.PostAsync("/logout", null)).StatusCode);
        Assert.False((await ben.GetAsync("/patients/p-1")).IsSuccessStatusCode);

        HttpClient ada = NewClient(address);
        Assert.Equal(HttpStatusCode.NoContent, (await LoginAsync(ada, "ada", "first")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.DeleteAsync("/patients/p-2")).StatusCode);
        return ada;
    }

    private static HttpClient NewClient(Uri address) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };

    private static Task<HttpResponseMessage> LoginAsync(HttpClient client, string name, string password) => client.PostAsJsonAsync("/login", new { name, password });

    /// <summary>Asks the log until it has that many of the application's events: action, outcome and actor of each.</summary>
    private static async Task<string[]> FindAsync(Uri log, string reader, int count)
    {
        using var http = new HttpClient { BaseAddress = log };
        http.DefaultRequestHeaders.Authorization = new("Bearer", reader);
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using JsonDocument page = JsonDocument.Parse(await http.GetStringAsync("/api/logs/main/events?limit=100"));
            string[] found =
            [
                .. page.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry"))
                    .Where(entry => entry.TryGetProperty("request", out _))
                    .Select(entry => $"{entry.GetProperty("action")} {entry.GetProperty("outcome")} {entry.GetProperty("actor").GetProperty("id")}"),
            ];
            if (found.Length >= count || TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(60))
            {
                return found;
            }

            await Task.Yield();
        }
    }

    [GeneratedRegex("```diff\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex DiffPattern();
}
