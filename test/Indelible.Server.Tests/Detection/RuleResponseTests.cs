using Indelible.Detection;
using Indelible.Search;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>What rules tell a responder to ask.</summary>
public sealed class RuleResponseTests
{
    [Fact]
    public void Every_query_in_a_response_is_one()
    {
        RuleLibrary library = RuleLibrary.Load(ShippedRules.Files);
        int queries = 0;
        foreach (RuleHead head in library.Rules.Select(rule => rule.Head).Concat(library.Correlations.Select(correlation => correlation.Head)))
        {
            // What stands between backquotes is a query; commands stand in quotation marks.
            string[] parts = (head.Response ?? "").Split('`');
            Assert.True(parts.Length % 2 == 1, head.Title);
            foreach (string text in parts.Where((_, i) => i % 2 == 1))
            {
                Assert.True(Query.TryParse(text, DateTimeOffset.UnixEpoch.AddYears(56), out _, out QueryError? error), $"{head.Title}: {text}: {error}");
                queries++;
            }
        }

        Assert.True(queries > 60, $"only {queries} queries found");
    }
}
