using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Indelible.Detection;

/// <summary>All tests of the values at one place, put together: whole texts in a table, pieces of texts in one <see cref="NeedleFinder"/>, the others one by one. Read only; thread-safe.</summary>
internal sealed class PlaceTests
{
    private readonly Utf8Map<int[]> _whole;
    private readonly Utf8Map<int[]> _wholeCased;
    private readonly NeedleFinder? _finder;
    private readonly (TextMatcher Matcher, bool IsCased, int[] Predicates)[][] _byNeedle;
    private readonly (TextMatcher Matcher, bool IsCased, int[] Predicates)[] _withoutNeedle;
    private readonly (Regex Expression, int Predicate)[] _expressions;
    private readonly (IPNetwork Network, int Predicate)[] _networks;
    private readonly (NumberTest Test, int Predicate)[] _numbers;
    private readonly (TimeTest Test, int Predicate)[] _times;
    private readonly bool _needsFolded;

    private readonly int _firstNeedle;

    /// <param name="tests">Tests with the number of the predicate that each is of.</param>
    /// <param name="firstNeedle">The number of its first needle among those of all places.</param>
    public PlaceTests(IEnumerable<(ValueTest Test, int Predicate)> tests, int firstNeedle)
    {
        _firstNeedle = firstNeedle;
        var all = tests.ToList();
        ILookup<bool, (TextTest Test, int Predicate)> texts = Of<TextTest>().ToLookup(one => one.Test.Pattern.Literal is not null);
        _whole = Whole(texts[true].Where(one => !one.Test.IsCased), text => FoldedText.Of(text));
        _wholeCased = Whole(texts[true].Where(one => one.Test.IsCased), Encoding.UTF8.GetBytes);
        (TextMatcher Matcher, bool IsCased, int[] Predicates)[] patterns =
            [.. texts[false].GroupBy(one => one.Test).Select(same => (new TextMatcher(same.Key.Pattern, same.Key.IsCased), same.Key.IsCased, same.Select(one => one.Predicate).Distinct().ToArray()))];
        _withoutNeedle = [.. patterns.Where(pattern => pattern.Matcher.Needle.Length == 0)];
        var needles = patterns.Where(pattern => pattern.Matcher.Needle.Length > 0).GroupBy(pattern => pattern.Matcher.Needle, Utf8Comparer.Instance).ToList();
        _byNeedle = [.. needles.Select(same => same.ToArray())];
        _finder = needles.Count > 0 ? new NeedleFinder([.. needles.Select(same => same.Key)]) : null;
        _expressions = [.. Of<RegexTest>().Select(one => (new Regex(one.Test.Expression, one.Test.Options), one.Predicate))];
        _networks = [.. Of<NetworkTest>().Select(one => (one.Test.Network, one.Predicate))];
        _numbers = [.. Of<NumberTest>()];
        _times = [.. Of<TimeTest>()];
        _needsFolded = _whole.Count > 0 || patterns.Length > 0;

        IEnumerable<(T Test, int Predicate)> Of<T>()
            where T : ValueTest => all.Where(one => one.Test is T).Select(one => ((T)one.Test, one.Predicate));
    }

    /// <summary>How many needles it has.</summary>
    public int Needles => _byNeedle.Length;

    /// <summary>Puts a value to all tests.</summary>
    /// <param name="value">A string's text, or the spelling of a number or word.</param>
    /// <param name="kind">Which of them it is.</param>
    /// <param name="pass">Receives the predicates that it passes.</param>
    public void Test(ReadOnlySpan<byte> value, ValueKind kind, Pass pass)
    {
        if (_needsFolded)
        {
            ReadOnlySpan<byte> folded = pass.Folded.Fold(value);
            if (_whole.TryFind(folded, out int[]? whole))
            {
                pass.Add(whole);
            }

            if (_finder is not null)
            {
                pass.BeginValue();
                var found = new Found(this, value, folded, pass);
                _finder.Find(folded, ref found, static (int needle, ref Found found) => found.Add(needle));
            }

            Patterns(_withoutNeedle, value, folded, pass);
        }

        if (_wholeCased.Count > 0 && _wholeCased.TryFind(value, out int[]? cased))
        {
            pass.Add(cased);
        }

        if (_expressions.Length > 0)
        {
            Expressions(value, pass);
        }

        if (_networks.Length > 0 && kind == ValueKind.String)
        {
            Networks(value, pass);
        }

        if (_numbers.Length > 0 && kind != ValueKind.Word)
        {
            Numbers(value, pass);
        }

        if (_times.Length > 0 && kind == ValueKind.String)
        {
            Times(value, pass);
        }
    }

    private static Utf8Map<int[]> Whole(IEnumerable<(TextTest Test, int Predicate)> tests, Func<string, byte[]> bytes) => new(tests
        .GroupBy(one => bytes(one.Test.Pattern.Literal!), Utf8Comparer.Instance)
        .Select(same => KeyValuePair.Create(same.Key, same.Select(one => one.Predicate).Distinct().ToArray())));

    private static void Patterns((TextMatcher Matcher, bool IsCased, int[] Predicates)[] patterns, ReadOnlySpan<byte> value, ReadOnlySpan<byte> folded, Pass pass)
    {
        foreach ((TextMatcher matcher, bool isCased, int[] predicates) in patterns)
        {
            if (!pass.HasAll(predicates) && ((matcher.IsAnywhere && !isCased && matcher.Needle.Length > 0) || matcher.Fits(isCased ? value : folded)))
            {
                pass.Add(predicates);
            }
        }
    }

    private void Expressions(ReadOnlySpan<byte> value, Pass pass)
    {
        string text = Encoding.UTF8.GetString(value);
        foreach ((Regex expression, int predicate) in _expressions)
        {
            if (!pass.Has(predicate) && expression.IsMatch(text))
            {
                pass.Add(predicate);
            }
        }
    }

    private void Networks(ReadOnlySpan<byte> value, Pass pass)
    {
        if (value.Length > 64 || !IPAddress.TryParse(value, out IPAddress? address))
        {
            return;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach ((IPNetwork network, int predicate) in _networks)
        {
            if (network.Contains(address))
            {
                pass.Add(predicate);
            }
        }
    }

    private void Numbers(ReadOnlySpan<byte> value, Pass pass)
    {
        if (!Utf8Parser.TryParse(value, out double number, out int read) || read != value.Length || !double.IsFinite(number))
        {
            return;
        }

        foreach ((NumberTest test, int predicate) in _numbers)
        {
            if (Compares(number, test.Comparison, test.Value))
            {
                pass.Add(predicate);
            }
        }
    }

    private void Times(ReadOnlySpan<byte> value, Pass pass)
    {
        if (value.Length > 64 || !DateTimeOffset.TryParse(Encoding.UTF8.GetString(value), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time))
        {
            return;
        }

        foreach ((TimeTest test, int predicate) in _times)
        {
            int part = test.Part switch
            {
                TimePart.Minute => time.Minute,
                TimePart.Hour => time.Hour,
                TimePart.Day => time.Day,
                TimePart.Week => ISOWeek.GetWeekOfYear(time.UtcDateTime),
                TimePart.Month => time.Month,
                _ => time.Year,
            };
            if (Compares(part, test.Comparison, test.Value))
            {
                pass.Add(predicate);
            }
        }
    }

    private static bool Compares(double value, Comparison comparison, double with) => comparison switch
    {
        Comparison.Less => value < with,
        Comparison.LessOrEqual => value <= with,
        Comparison.Greater => value > with,
        Comparison.GreaterOrEqual => value >= with,
        _ => value == with,
    };

    private readonly ref struct Found(PlaceTests tests, ReadOnlySpan<byte> value, ReadOnlySpan<byte> folded, Pass pass)
    {
        private readonly ReadOnlySpan<byte> _value = value;
        private readonly ReadOnlySpan<byte> _folded = folded;

        public void Add(int needle)
        {
            if (pass.IsNew(tests._firstNeedle + needle))
            {
                Patterns(tests._byNeedle[needle], _value, _folded, pass);
            }
        }
    }
}
