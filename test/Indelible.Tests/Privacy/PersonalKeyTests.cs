using Indelible.Events;
using Indelible.Merkle;
using Indelible.Privacy;
using Xunit;

namespace Indelible.Tests.Privacy;

public class PersonalKeyTests
{
    private const string Origin = "audit.example/logs/main";
    private const string EventId = "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10";
    private const string Pointer = "/source/ip";

    private static readonly byte[] s_key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();

    [Fact]
    public void Gives_the_published_vector()
    {
        using var key = new PersonalKey(s_key);

        SealedValue value = key.Seal(Origin, EventId, Pointer, "\"192.0.2.7\""u8);

        Assert.Equal(
            """{"$pii":{"com":"QSNIfykyhB8jCt9993pA7_ybB6JUt3mhrfjfuek1bao","ct":"g6KPLBvVeT66dTvBG5NIpn9rNwct4Fex4h9cw1DxjP_zsHf0by3uP_lsbW8YZ1vP","key":"I1MPsgUEkXl-7MUOEl9mgg","v":1}}"""u8,
            value.ToJson());
        Assert.Equal(OpenResult.Opened, key.TryOpen(Origin, EventId, Pointer, value, out Opening? opening));
        Assert.Equal("Z8NcHmiVBInJ4n9rUL72WrgH4DKK3oQRbVukkbHa88Q", opening!.RText);
        Assert.Equal("\"192.0.2.7\""u8, opening.Value.Span);
        Assert.True(opening.VerifyCommitment(Origin, EventId, value.Commitment));
    }
}
