using System.Text.Json;

namespace Indelible.Search;

/// <summary>A test of single values that is no part of the query language: whoever asks brings it. Asked by one thread at a time.</summary>
public interface IValueTest
{
    /// <summary>Texts of which each string that passes is one, without regard to case (<see cref="StringComparison.OrdinalIgnoreCase"/>); null where that cannot be said.</summary>
    IReadOnlyList<string>? Texts { get; }

    /// <summary>Whether a value passes.</summary>
    /// <param name="value">A string's text, or the JSON spelling of a number, <c>true</c> or <c>false</c>; UTF-8.</param>
    /// <param name="type">Which of them it is.</param>
    bool Passes(ReadOnlySpan<byte> value, JsonTokenType type);
}
