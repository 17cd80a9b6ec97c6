using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Xunit;

namespace Indelible.Engine.Tests;

public sealed class LogNameTests
{
    [Theory]
    [InlineData("main", "main", 1)]
    [InlineData("main.i2", "main", 2)]
    [InlineData("_system.i17", "_system", 17)]
    [InlineData("a.i2.i3", "a.i2", 3)]
    [InlineData("main.i1", "main.i1", 1)]
    [InlineData("main.i02", "main.i02", 1)]
    [InlineData("main.i", "main.i", 1)]
    [InlineData("main.i1234567", "main.i1234567", 1)]
    public void A_restored_log_s_name_is_its_line_and_a_number_in_one_spelling(string name, string line, int number)
    {
        Assert.Equal((line, number), (LogName.LineOf(name), LogName.IncarnationOf(name)));
        Assert.True(number == 1 || LogName.Incarnation(line, number) == name);
    }

    [Theory]
    [InlineData("_system.i2", true)]
    [InlineData("_access.i3", true)]
    [InlineData("_other", false)]
    [InlineData("_other.i2", false)]
    [InlineData("main.i2", true)]
    [InlineData(".i2", false)]
    [InlineData("../x.i2", false)]
    public void Only_logs_and_what_goes_on_in_their_place_can_be_called_so(string name, bool can) => Assert.Equal(can, LogName.CanBe(name));

    [Fact]
    public void Nobody_can_make_a_log_with_the_name_of_a_restored_one()
    {
        foreach (string name in new[] { "main.i2", "main.i1", "main.i02", "main.i1234567" })
        {
            Assert.NotNull(LogName.Fault(name));
        }
    }

    [Fact]
    public void A_key_is_for_what_goes_on_in_its_log_s_place_and_not_for_what_was_before()
    {
        Assert.Equal([false, true, true, false, false], new[] { "main", "main.i2", "main.i3", "other.i3", "main.i2.i3" }.Select(log => LogPattern.Covers("main.i2", log)));
        Assert.True(LogPattern.Covers("*", "main.i2"));
        Assert.False(LogPattern.Covers("*", "_access.i2"));
        Assert.False(LogPattern.Covers("main.*", "main.i2"));
        Assert.True(LogPattern.Covers("acme.*", "acme.main.i2"));
    }
}
