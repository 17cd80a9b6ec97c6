namespace Indelible.Search.Tests.Matching;

public sealed class FreeTextTests
{
    private const string Entry = """
        {"data":{"note":"on 2026-11-23","salt":"pepper","time":"noon"},"observed_time":"2026-11-24T06:14:26Z","received_at":"2026-11-25T00:00:00Z","salt":"c2FsdA","time":"2026-11-26T06:14:25Z"}
        """;

    [Theory]
    [InlineData("24T06")]
    [InlineData("25T00")]
    [InlineData("26T06")]
    [InlineData("c2FsdA")]
    public void Does_not_look_into_the_salt_and_the_times_of_an_entry(string word) => Assert.False(Entries.Matches(word, Entry));

    [Theory]
    [InlineData("23")]
    [InlineData("pepper")]
    [InlineData("noon")]
    [InlineData("\"2026 11 23\"")]
    public void Looks_into_members_of_those_names_elsewhere_and_into_what_follows_them(string words) => Assert.True(Entries.Matches(words, Entry));

    [Theory]
    [InlineData("\"salt\":c2FsdA")]
    [InlineData("received_at:2026-11-25")]
    [InlineData("time~26T06")]
    [InlineData("time~26T06 pepper")]
    public void What_free_text_passes_over_is_found_by_name(string query) => Assert.True(Entries.Matches(query, Entry));

    [Fact]
    public void Passes_over_everything_inside_of_such_a_member()
    {
        const string odd = """{"a":"end","salt":{"deep":["hidden",{"more":"hidden"}]},"\u0074ime":["hidden"],"zone":"shown"}""";
        Assert.False(Entries.Matches("hidden", odd));
        Assert.True(Entries.Matches("shown", odd));
        Assert.True(Entries.Matches("salt.deep:hidden shown", odd));
    }
}
