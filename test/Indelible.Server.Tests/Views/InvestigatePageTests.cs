using System.Text.RegularExpressions;
using Indelible.Server.Tests.Access;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Import;
using Xunit;

namespace Indelible.Server.Tests.Views;

/// <summary><c>docs/investigate.md</c>: each of its commands is run on the files that it is about, and answers what stands there.</summary>
/// <remarks>With the other tests of commands, one after the other: what is printed goes to the one console.</remarks>
[Collection(CastCollection.Name)]
public sealed partial class InvestigatePageTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    [Trait("Needs", "shared-data")]
    public async Task Its_commands_answer_what_it_says()
    {
        string? repository = RepositoryFolder.Find();
        string files = Path.Combine(repository ?? ".", "..", "shared", "data", "cloudtrail");
        Assert.SkipUnless(Directory.Exists(files), "There is no shared/data/cloudtrail beside the repository.");
        (_, string writer) = await _server.NewKeyAsync("writer", "main");
        (_, string reader) = await _server.NewKeyAsync("reader", "main");
        string imported = await RunAsync(["import", "cloudtrail", "--log", "main", .. Directory.GetFiles(files, "*.json").Order(StringComparer.Ordinal)], writer);
        string page = await File.ReadAllTextAsync(Path.Combine(repository!, "docs", "investigate.md"), TestContext.Current.CancellationToken);
        Assert.Contains($"`{imported.Trim()}`", page, StringComparison.Ordinal);

        string answers = "";
        int commands = 0;
        foreach (Match block in Block().Matches(page[page.IndexOf("## Who called it", StringComparison.Ordinal)..]))
        {
            string text = block.Groups[2].Value;
            if (block.Groups[1].Value != "sh")
            {
                ShouldSay(answers, text);
                continue;
            }

            answers = "";
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = [.. Word().Matches(line).Select(word => word.Groups[1].Success ? word.Groups[1].Value : word.Value)];
                answers += words[0] == "curl" ? await CountAsync(words, reader) : await RunAsync([.. words[1..].TakeWhile(word => word != ">").Select(Filled)], reader);
                commands++;
            }
        }

        Assert.Equal(14, commands);
        Assert.Equal(9, answers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("{\"index\":", StringComparison.Ordinal)));
    }

    /// <summary>Each line of the page is one of the answer, in that order: its words are, whatever the width of columns; a word that is cut off is its beginning.</summary>
    private static void ShouldSay(string answer, string page)
    {
        string rest = answer;
        foreach (string line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            IEnumerable<string> words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.EndsWith('…') ? Regex.Escape(word[..^1]) : Regex.Escape(word));
            Match found = Regex.Match(rest, string.Join("[^\n]*?", words));
            Assert.True(found.Success, $"The page says\n{line}\nand the answer is\n{answer}");
            rest = rest[(found.Index + found.Length)..];
        }
    }

    private async Task<string> CountAsync(string[] words, string key)
    {
        string query = words.Single(word => word.StartsWith("q=", StringComparison.Ordinal))[2..];
        return (await _server.GetAsync($"api/logs/main/counts?q={Uri.EscapeDataString(query)}&{words[^1]}", key)).Text;
    }

    private async Task<string> RunAsync(IReadOnlyList<string> arguments, string key)
    {
        (int code, string printed) = await CommandRun.RunAsync(arguments[0] == "verify" ? arguments : [.. arguments, "--key", key, "--url", _server.Url.ToString()]);
        Assert.Equal(0, code);

        // The test's server has a name of its own.
        return printed.Replace(TestServer.Host, "localhost:7480", StringComparison.Ordinal);
    }

    private string Filled(string word) => word switch
    {
        "$MAIN_VKEY" => _server.Engine.Find("main")!.Settings.Vkey,
        _ when word.EndsWith(".json", StringComparison.Ordinal) || word.EndsWith(".tlog-proof", StringComparison.Ordinal) => Path.Combine(_folder, word),
        _ => word,
    };

    [GeneratedRegex("```(sh)?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("'([^']*)'|\"[^\"]*\"|[^ ]+")]
    private static partial Regex Word();
}
