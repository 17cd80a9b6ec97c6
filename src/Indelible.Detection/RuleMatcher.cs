using System.Text;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Detection;

/// <summary>Asks compiled rules of events, one after the other. Not thread-safe; one for each thread.</summary>
public sealed class RuleMatcher
{
    // As deep as entries are (EventLimits), and an envelope.
    private const int MaxDepth = 64;

    private readonly CompiledRules _rules;
    private readonly Pass _pass;
    private readonly Presence[] _presence;
    private readonly List<int> _touched = [];
    private readonly List<(int Place, string Value)> _kept = [];
    private readonly int[] _lookedAtIn;
    private readonly PlaceTests?[] _below = new PlaceTests?[MaxDepth];
    private readonly UnescapedText _text = new();
    private int _belowCount;
    private int _event;

    /// <param name="rules">The rules.</param>
    public RuleMatcher(CompiledRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _rules = rules;
        _pass = new Pass(rules.PredicateCount, rules.NeedleCount);
        _presence = new Presence[rules.PlaceCount];
        _lookedAtIn = new int[rules.Rules.Count];
    }

    [Flags]
    private enum Presence : byte
    {
        None = 0,
        There = 1,
        HasValue = 2,
    }

    /// <summary>Finds the rules that match an event.</summary>
    /// <param name="entry">The entry's JSON, personal values in clear; what the engine has read, so that it is in form.</param>
    /// <param name="matched">Receives the numbers of the rules, ascending.</param>
    /// <exception cref="JsonException">It is no JSON, or a text in it is not Unicode.</exception>
    public void Match(ReadOnlySpan<byte> entry, List<int> matched)
    {
        ArgumentNullException.ThrowIfNull(matched);
        Begin();
        try
        {
            var reader = new Utf8JsonReader(entry);
            reader.Read();
            Value(ref reader, _rules.Root);
        }
        catch (InvalidOperationException e)
        {
            // What the reader throws for a text that is not Unicode.
            throw new JsonException(e.Message, e);
        }

        AddDerived();
        _event++;
        foreach (int predicate in _pass.All)
        {
            LookAt(_rules.Triggered[predicate], matched);
        }

        LookAt(_rules.Always, matched);
        matched.Sort();
    }

    /// <summary>The values of the event that was looked at last, at a place that is kept.</summary>
    internal void ValuesAt(int place, List<string> into)
    {
        foreach ((int at, string value) in _kept)
        {
            if (at == place)
            {
                into.Add(value);
            }
        }
    }

    private void Begin()
    {
        _pass.Clear();
        foreach (int place in _touched)
        {
            _presence[place] = Presence.None;
        }

        _touched.Clear();
        _kept.Clear();
        _belowCount = 0;
    }

    private void LookAt(int[] rules, List<int> matched)
    {
        foreach (int rule in rules)
        {
            if (_lookedAtIn[rule] != _event)
            {
                _lookedAtIn[rule] = _event;
                if (_rules.Conditions[rule].Holds(_pass.Passed))
                {
                    matched.Add(rule);
                }
            }
        }
    }

    private void Value(ref Utf8JsonReader reader, PlaceNode? place)
    {
        int below = _belowCount;
        if (place is not null)
        {
            Touch(place, reader.TokenType == JsonTokenType.Null ? Presence.There : Presence.There | Presence.HasValue);
            if (place.TestsBelow is { } tests)
            {
                _below[_belowCount++] = tests;
            }
        }

        Element(ref reader, place);
        _belowCount = below;
    }

    /// <summary>What stands at a place: a value, or an element of a list, which stands where the list does; what is below counts once.</summary>
    private void Element(ref Utf8JsonReader reader, PlaceNode? place)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Members(ref reader, place);
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Element(ref reader, place);
                }

                break;
            default:
                Scalar(ref reader, place);
                break;
        }
    }

    private void Members(ref Utf8JsonReader reader, PlaceNode? place)
    {
        if (_belowCount == 0 && place is not { HasChildren: true })
        {
            // Nobody asks for anything below.
            reader.Skip();
            return;
        }

        bool isFirst = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (isFirst && HiddenValue.TrySkip(ref reader))
            {
                return;
            }

            isFirst = false;
            PlaceNode? child = place?.Find(_text.Of(ref reader));
            reader.Read();
            if (child is null && _belowCount == 0)
            {
                reader.Skip();
            }
            else
            {
                Value(ref reader, child);
            }
        }
    }

    private void Scalar(ref Utf8JsonReader reader, PlaceNode? place)
    {
        if (reader.TokenType == JsonTokenType.Null || (_belowCount == 0 && place is null))
        {
            return;
        }

        ReadOnlySpan<byte> value = _text.Of(ref reader);
        ValueKind kind = reader.TokenType switch { JsonTokenType.String => ValueKind.String, JsonTokenType.Number => ValueKind.Number, _ => ValueKind.Word };
        place?.Tests?.Test(value, kind, _pass);
        for (int i = 0; i < _belowCount; i++)
        {
            _below[i]!.Test(value, kind, _pass);
        }

        if (place is { IsKept: true })
        {
            _kept.Add((place.Number, Encoding.UTF8.GetString(value)));
        }
    }

    private void Touch(PlaceNode place, Presence presence)
    {
        ref Presence known = ref _presence[place.Number];
        if (known == Presence.None)
        {
            _touched.Add(place.Number);
        }

        known |= presence;
    }

    /// <summary>Adds what is known only when all of the event was seen.</summary>
    private void AddDerived()
    {
        foreach ((int predicate, int place) in _rules.Nulls)
        {
            if ((_presence[place] & Presence.HasValue) == 0)
            {
                _pass.Add(predicate);
            }
        }

        foreach ((int predicate, int place) in _rules.Existing)
        {
            if (_presence[place] != Presence.None)
            {
                _pass.Add(predicate);
            }
        }

        foreach ((int predicate, int place, int other, PlacedReferenceTest test) in _rules.References)
        {
            if (Refers(place, other, test))
            {
                _pass.Add(predicate);
            }
        }
    }

    private bool Refers(int place, int other, PlacedReferenceTest test)
    {
        StringComparison comparison = test.IsCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        foreach ((int at, string value) in _kept)
        {
            foreach ((int otherAt, string text) in at == place ? _kept : [])
            {
                bool fits = otherAt == other && test.Where switch
                {
                    TextPlace.Start => value.StartsWith(text, comparison),
                    TextPlace.End => value.EndsWith(text, comparison),
                    TextPlace.Anywhere => value.Contains(text, comparison),
                    _ => value.Equals(text, comparison),
                };
                if (fits)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
