using System.Text;

namespace Indelible.Search.Tests.Language;

public sealed class HostilePatternTests
{
    [Theory]
    [InlineData("*a*a*a*a*b")]
    [InlineData("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b")]
    [InlineData("a*a*a*a*?a?a?a?a?b")]
    [InlineData("*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")]
    public void Take_at_most_length_times_length_steps(string pattern)
    {
        byte[] value = Encoding.UTF8.GetBytes(new string('a', 60_000));
        Assert.False(Glob.Parse(pattern).Matches(value, fold: false, out long steps));
        Assert.InRange(steps, 1, (long)value.Length * (pattern.Length + 2));
        Assert.False(Entries.Matches("data.x:" + pattern, "{\"data\":{\"x\":\"" + new string('a', 60_000) + "\"}}"));
    }

    [Fact]
    public void A_phrase_of_equal_words_in_a_text_of_equal_words_ends()
    {
        string entry = "{\"message\":\"" + string.Concat(Enumerable.Repeat("a ", 30_000)) + "\"}";
        Assert.False(Entries.Matches("\"" + string.Concat(Enumerable.Repeat("a ", 500)) + "b\"", entry));
    }
}
