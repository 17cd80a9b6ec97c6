using System.Text.RegularExpressions;
using Indelible.Server.Tests.Import;
using Xunit;

namespace Indelible.Server.Tests.Docs;

/// <summary>The page on how each requirement of ASVS 5.0.0 is met, against the standard's list of ids and against the code and tests that it names.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string s_root = RepositoryFolder.Find() ?? throw new InvalidOperationException("The tests lie outside of the repository.");
    private static readonly string s_page = File.ReadAllText(Path.Combine(s_root, "docs", "security.md"));
    private static readonly (string Id, string Level, string Word, string How)[] s_rows =
        [.. RowPattern().Matches(s_page).Select(row => (row.Groups["id"].Value, row.Groups["level"].Value, row.Groups["word"].Value, row.Groups["how"].Value.Trim()))];

    [Fact]
    public void Every_requirement_of_levels_1_and_2_has_one_row_that_says_how_it_stands()
    {
        string[] wanted = File.ReadAllLines(Path.Combine(s_root, "test", "Indelible.Server.Tests", "Docs", "asvs-5.0.0.txt"));

        Assert.Equal(253, wanted.Length);
        Assert.Equal(wanted, s_rows.Select(row => $"{row.Id} {row.Level}"));
        Assert.DoesNotContain(s_rows, row => row.Word is not ("Met" or "Partly" or "Not met" or "n/a") || row.How.Length == 0);
    }

    [Fact]
    public void What_is_not_met_or_partly_is_listed_before_the_rows_and_nothing_else()
    {
        string list = s_page.Split("\n## What is not met\n")[1].Split("\n## ")[0];

        Assert.Equal(
            s_rows.Where(row => row.Word is "Not met" or "Partly").Select(row => row.Id).Order(StringComparer.Ordinal),
            IdPattern().Matches(list).Select(id => id.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        ILookup<string?, string> files = Directory.EnumerateFiles(Path.Combine(s_root, "test"), "*.cs", SearchOption.AllDirectories).ToLookup(Path.GetFileNameWithoutExtension);
        string[] missing =
        [
            .. from name in TestPattern().Matches(s_page)
               where !files[name.Groups["class"].Value].Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\bpublic (async Task|void) {name.Groups["test"].Value}\("))
               select name.Value,
        ];

        Assert.True(TestPattern().Count(s_page) > 100);
        Assert.Empty(missing.Distinct());
    }

    [Fact]
    public void Every_file_and_heading_that_is_named_exists()
    {
        string docs = Path.Combine(s_root, "docs");
        string[] headings = [.. HeadingPattern().Matches(s_page).Select(heading => SlugOf(heading.Groups["text"].Value))];
        string[] missing =
        [
            .. FilePattern().Matches(s_page).Select(file => file.Groups["path"].Value).Where(path => !File.Exists(Path.Combine(s_root, path)) && !File.Exists(Path.Combine(s_root, "src", "Indelible." + path))),
            .. LinkPattern().Matches(s_page).Select(link => link.Groups["to"].Value).Where(to => to[0] != '#' && !File.Exists(Path.Combine(docs, to.Split('#')[0]))),
            .. LinkPattern().Matches(s_page).Select(link => link.Groups["to"].Value).Where(to => to[0] == '#' && !headings.Contains(to[1..])),
        ];

        Assert.Empty(missing);
    }

    private static string SlugOf(string heading) => string.Concat(heading.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-')).Replace(' ', '-');

    [GeneratedRegex(@"^\| (?<id>V\d+\.\d+\.\d+) \| (?<level>\d) \| [^|]+ \| \*\*(?<word>[^*]+)\*\*(?<how>[^|]*)\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex RowPattern();

    [GeneratedRegex(@"\bV\d+\.\d+\.\d+\b")]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"`(?<class>[A-Z]\w+)\.(?<test>[A-Z]\w*_\w+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex TestPattern();

    [GeneratedRegex(@"`(?<path>\w[\w.]*(/[\w.-]+)+\.(cs|js|md|txt))`|`(?<path>[A-Z][\w.]+\.props)`", RegexOptions.ExplicitCapture)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"\]\((?<to>[^):]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex LinkPattern();

    [GeneratedRegex("^##+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex HeadingPattern();
}
