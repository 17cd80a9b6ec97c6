using System.Text.Json;

namespace Indelible.Detection;

/// <summary>Tests of rules that a value has to pass one of. Not thread-safe.</summary>
public sealed class ValueProbe
{
    private readonly PlaceTests _tests;
    private readonly Pass _pass;

    internal ValueProbe(IReadOnlyList<ValueTest> tests)
    {
        _tests = new PlaceTests(tests.Select(test => (test, 0)), 0);
        _pass = new Pass(1, _tests.Needles);
        string?[] texts = [.. tests.Select(test => test is TextTest text ? text.Pattern.Literal : null)];
        Texts = texts.Contains(null) ? null : [.. texts.OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Texts of which each value that passes is one, without regard to case; null where the tests ask for other things too.</summary>
    public IReadOnlyList<string>? Texts { get; }

    /// <summary>Whether a value passes.</summary>
    /// <param name="value">A string's text, or the JSON spelling of a number, <c>true</c> or <c>false</c>; UTF-8.</param>
    /// <param name="type">Which of them it is; nothing else passes.</param>
    public bool Passes(ReadOnlySpan<byte> value, JsonTokenType type)
    {
        if (type is not (JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False))
        {
            return false;
        }

        _pass.Clear();
        _tests.Test(value, type switch { JsonTokenType.String => ValueKind.String, JsonTokenType.Number => ValueKind.Number, _ => ValueKind.Word }, _pass);
        return _pass.Has(0);
    }
}
