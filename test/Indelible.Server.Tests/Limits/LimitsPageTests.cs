using System.Globalization;
using System.Reflection;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Tests.Import;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>docs/limits.md and docs/operations.md name every limit and every setting, as they are.</summary>
public sealed class LimitsPageTests
{
    [Theory]
    [InlineData(typeof(ServerLimits))]
    [InlineData(typeof(EngineLimits))]
    [InlineData(typeof(EventLimits))]
    [InlineData(typeof(QueryLimits))]
    [InlineData(typeof(ScanLimits))]
    [InlineData(typeof(DetectionLimits))]
    public void The_page_lists_every_limit_with_its_value_and_no_other(Type limits)
    {
        Dictionary<string, string> listed = Page("limits.md").Split("\n## ").Single(section => section.StartsWith(limits.Name + "\n", StringComparison.Ordinal)).Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', 4))
            .ToDictionary(cells => cells[1].Trim(' ', '`'), cells => cells[2].Trim());
        object? instance = limits.GetConstructor([])?.Invoke(null);
        Dictionary<string, string> members = limits.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (field.Name, Value: field.GetValue(null)))
            .Concat(limits.GetProperties().Select(property => (property.Name, Value: property.GetValue(instance))))
            .ToDictionary(member => member.Name, member => TextOf(member.Value!));
        Assert.NotEmpty(members);
        Assert.Equal(members.OrderBy(member => member.Key, StringComparer.Ordinal), listed.OrderBy(member => member.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_setting_is_in_the_table_of_settings_and_every_rate_on_the_page_of_limits()
    {
        string operations = Page("operations.md");
        Assert.All(ServerOptions.Names, name => Assert.Contains($"| `{name}` | `INDELIBLE_{name.ToUpperInvariant()}` |", operations, StringComparison.Ordinal));
        string limits = Page("limits.md");
        Assert.All(ServerOptions.Names.Where(name => name.EndsWith("_per_second", StringComparison.Ordinal) && name != "verify_mib_per_second"), name => Assert.Contains($"| `{name}` |", limits, StringComparison.Ordinal));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(RepositoryFolder.Find()!, "docs", name));

    private static string TextOf(object value) => value switch
    {
        TimeSpan { TotalDays: >= 1 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.#} d"),
        TimeSpan { TotalSeconds: >= 60 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min"),
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s"),
        IFormattable number => number.ToString("N0", CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"{value} is neither a time nor a number."),
    };
}
