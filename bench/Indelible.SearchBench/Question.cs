using System.Globalization;

namespace Indelible.SearchBench;

/// <summary>The kinds of questions that find events.</summary>
internal enum QuestionKind
{
    Id,
    ActorDay,
    Target,
    Address,
    RareWord,
    Newest,
    CommonWord,
    TwoCommonWords,
    DataPath,
    Phrase,
    Substring,
    HexSubstring,
}

/// <summary>A question that finds events, the newest first.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="First">The value asked for.</param>
/// <param name="Second">The other value, of kinds that have two.</param>
/// <param name="From">Milliseconds since 1970 of the first instant, of <see cref="QuestionKind.ActorDay"/>.</param>
/// <param name="To">Of the instant behind the last.</param>
internal sealed record Question(QuestionKind Kind, string First = "", string Second = "", long From = 0, long To = 0)
{
    /// <summary>As many as a page shows.</summary>
    public const int PageRows = 50;

    /// <summary>The question in our language; its times are asked for beside.</summary>
    public string Text => Kind switch
    {
        QuestionKind.Id => $"id:\"{First}\"",
        QuestionKind.ActorDay => $"actor:\"{First}\"",
        QuestionKind.Target => $"target:\"{First}\"",
        QuestionKind.Address => $"ip:{First}",
        QuestionKind.RareWord or QuestionKind.CommonWord => First,
        QuestionKind.Newest => "*",
        QuestionKind.TwoCommonWords => $"{First} {Second}",
        QuestionKind.DataPath => $"data.tenant:{First} data.result:{Second}",
        QuestionKind.Phrase => $"\"{First} {Second}\"",
        QuestionKind.Substring or QuestionKind.HexSubstring => $"*{First}*",
        _ => throw new InvalidOperationException($"No text for {Kind}."),
    };

    /// <summary>What a table calls it.</summary>
    public static string NameOf(QuestionKind kind) => kind switch
    {
        QuestionKind.Id => "id",
        QuestionKind.ActorDay => "actor + time range",
        QuestionKind.Target => "target",
        QuestionKind.Address => "IP address",
        QuestionKind.RareWord => "rare word",
        QuestionKind.Newest => "newest 50",
        QuestionKind.CommonWord => "common word",
        QuestionKind.TwoCommonWords => "two common words",
        QuestionKind.DataPath => "two paths in `data`",
        QuestionKind.Phrase => "phrase",
        QuestionKind.Substring => "substring without hit",
        QuestionKind.HexSubstring => "substring of hexadecimal digits without hit",
        _ => throw new InvalidOperationException($"No name for {kind}."),
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Text} [{From}, {To})");
}
