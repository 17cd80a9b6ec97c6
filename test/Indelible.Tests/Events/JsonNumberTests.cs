using System.Text;
using Indelible.Events;
using Xunit;

namespace Indelible.Tests.Events;

public class JsonNumberTests
{
    // Each line by ECMA-262 Number::toString: shortest digits; plain from 1e-6 up to below 1e21, else d.ddde±x.
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(1.0, "1")]
    [InlineData(-1.0, "-1")]
    [InlineData(100.0, "100")]
    [InlineData(4.5, "4.5")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.30000000000000004, "0.30000000000000004")]
    [InlineData(1.0 / 3, "0.3333333333333333")]
    [InlineData(333333333.33333329, "333333333.3333333")]
    [InlineData(4294967296.5, "4294967296.5")]
    [InlineData(1e-6, "0.000001")]
    [InlineData(1.2345e-5, "0.000012345")]
    [InlineData(9.5e-7, "9.5e-7")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(-1e-7, "-1e-7")]
    [InlineData(1.5e-10, "1.5e-10")]
    [InlineData(1e-27, "1e-27")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(2.2250738585072014e-308, "2.2250738585072014e-308")]
    [InlineData(-2.2250738585072014e-308, "-2.2250738585072014e-308")]
    [InlineData(9007199254740991.0, "9007199254740991")]
    [InlineData(9007199254740992.0, "9007199254740992")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(123456789012345680000.0, "123456789012345680000")]
    [InlineData(295147905179352825856.0, "295147905179352830000")]
    [InlineData(999999999999999900000.0, "999999999999999900000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1e23, "1e+23")]
    [InlineData(1e30, "1e+30")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(1424953923781206.2, "1424953923781206.2")]
    public void Writes_doubles_as_ECMAScript_does(double value, string expected)
    {
        byte[] text = new byte[JsonNumber.MaxBytes];

        int length = JsonNumber.Format(value, text);

        Assert.Equal(expected, Encoding.ASCII.GetString(text, 0, length));
    }

    [Fact]
    public void Minus_zero_is_zero()
    {
        byte[] text = new byte[JsonNumber.MaxBytes];

        Assert.Equal(1, JsonNumber.Format(-0.0, text));
        Assert.Equal((byte)'0', text[0]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Refuses_what_JSON_cannot_spell(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => JsonNumber.Format(value, new byte[JsonNumber.MaxBytes]));

    [Fact]
    public void What_it_writes_reads_back_as_the_same_double()
    {
        var random = new Random(20261123);
        byte[] text = new byte[JsonNumber.MaxBytes];
        for (int i = 0; i < 50_000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
            {
                int length = JsonNumber.Format(value, text);
                Assert.Equal(value, double.Parse(text.AsSpan(0, length), System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0e5", "0")]
    [InlineData("0e999999999999", "0")]
    [InlineData("1.0", "1")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("1E+3", "1000")]
    [InlineData("1.5e1", "15")]
    [InlineData("15e-1", "1.5")]
    [InlineData("0.00001e5", "1")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("123456789012345", "123456789012345")]
    [InlineData("1234567890123456", "1234567890123456")]
    [InlineData("9007199254740991", "9007199254740991")]
    [InlineData("-9007199254740991", "-9007199254740991")]
    [InlineData("9007199254740991.0", "9007199254740991")]
    [InlineData("900719925474099.1e1", "9007199254740991")]
    [InlineData("0.30000000000000004", "0.30000000000000004")]
    public void Numbers_keep_their_decimal_value(string sent, string canonical) =>
        Assert.Equal(canonical, Encoding.ASCII.GetString(CanonicalJson.Canonicalize(Encoding.ASCII.GetBytes(sent))));

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("9007199254740991.5")]
    [InlineData("1e16")]
    [InlineData("1e21")]
    [InlineData("1e400")]
    [InlineData("1e-400")]
    [InlineData("1e99999999999999999999")]
    [InlineData("1e-99999999999999999999")]
    [InlineData("4e-324")]
    [InlineData("333333333.33333329")]
    [InlineData("0.1000000000000000055511151231257827")]
    [InlineData("0.1234567890123456789")]
    [InlineData("1234567890123456.7")]
    public void Refuses_numbers_that_would_change(string sent)
    {
        Assert.False(CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes($"[0,{sent}]"), out _, out IReadOnlyList<Fault> faults));

        Fault fault = Assert.Single(faults);
        Assert.Equal(FaultCode.BadNumber, fault.Code);
        Assert.Equal("/1", fault.Pointer);
        Assert.Contains("string", fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("01")]
    [InlineData("-")]
    [InlineData("-01")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("+1")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("0x10")]
    [InlineData("1_000")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("--1")]
    public void Refuses_what_is_no_JSON_number(string sent)
    {
        Assert.False(CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes(sent), out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(FaultCode.InvalidJson, Assert.Single(faults).Code);
    }

    [Fact]
    public void Refuses_a_number_of_ten_thousand_digits()
    {
        string sent = "1" + new string('0', 10_000);

        Assert.False(CanonicalJson.TryCanonicalize(Encoding.ASCII.GetBytes(sent), out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(FaultCode.BadNumber, Assert.Single(faults).Code);
    }
}
