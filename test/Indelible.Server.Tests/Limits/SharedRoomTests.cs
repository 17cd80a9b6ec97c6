using Indelible.Server.Limits;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>So much for all, and so much for each.</summary>
public sealed class SharedRoomTests
{
    private readonly SharedRoom _room = new(forAll: 10, forEach: 6);

    [Fact]
    public void One_takes_as_much_as_he_may_and_no_more_until_he_gives_back()
    {
        Assert.True(_room.TryTake("a", 4, out SharedRoom.Part? four));
        Assert.True(_room.TryTake("a", 2, out _));
        Assert.False(_room.TryTake("a", 1, out SharedRoom.Part? none));
        Assert.Null(none);
        four.Dispose();
        four.Dispose();
        Assert.Equal(2, _room.Held);
        Assert.True(_room.TryTake("a", 4, out _));
    }

    [Fact]
    public void Where_all_of_it_is_held_only_who_has_less_than_his_share_is_let_in_and_at_most_the_double()
    {
        Assert.True(_room.TryTake("a", 6, out _));
        Assert.True(_room.TryTake("b", 4, out SharedRoom.Part? ofB));
        Assert.True(ofB.TryGrow(1));
        Assert.False(ofB.TryGrow(1));
        Assert.True(_room.TryTake("c", 6, out _));
        Assert.False(_room.TryTake("c", 1, out _));
        Assert.True(_room.TryTake("d", 1, out SharedRoom.Part? ofD));
        Assert.True(ofD.TryGrow(1));
        Assert.False(ofD.TryGrow(1));
        Assert.True(_room.TryTake("e", 1, out _));
        Assert.Equal(20, _room.Held);
        Assert.False(_room.TryTake("f", 1, out _));
    }

    [Fact]
    public void What_is_given_back_is_there_again()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.True(_room.TryTake("a", 6, out SharedRoom.Part? first));
            Assert.True(_room.TryTake("b", 4, out SharedRoom.Part? second));
            first.Dispose();
            second.Dispose();
        }

        Assert.Equal(0, _room.Held);
    }
}
