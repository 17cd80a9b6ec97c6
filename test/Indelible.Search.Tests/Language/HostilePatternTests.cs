using System.Text;
using CsCheck;

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

    [Fact]
    public void Patterns_match_what_their_definition_says()
    {
        Gen.Select(Gen.Char["ab*?é"].Array[0, 10], Gen.Char["abé"].Array[0, 12]).Sample(
            (pattern, value) =>
                Glob.Parse(new string(pattern)).Matches(Encoding.UTF8.GetBytes(value), fold: false) == ByDefinition(pattern, value)
                    && Glob.Parse(new string(pattern)).MatchesExactly(Encoding.UTF8.GetBytes(value)) == ByDefinition(pattern, value),
            iter: 50_000);

        static bool ByDefinition(ReadOnlySpan<char> pattern, ReadOnlySpan<char> value)
        {
            if (pattern.Length == 0)
            {
                return value.Length == 0;
            }

            if (pattern[0] == '*')
            {
                return ByDefinition(pattern[1..], value) || (value.Length > 0 && ByDefinition(pattern, value[1..]));
            }

            return value.Length > 0 && (pattern[0] == '?' || pattern[0] == value[0]) && ByDefinition(pattern[1..], value[1..]);
        }
    }
}
