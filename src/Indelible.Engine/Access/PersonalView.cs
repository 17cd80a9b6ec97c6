namespace Indelible.Engine.Access;

/// <summary>What a reader sees of personal values. Searching, counting and faceting by them needs <see cref="Shown"/>.</summary>
public enum PersonalView
{
    /// <summary>Never: they stay as they are logged, encrypted.</summary>
    Hidden,

    /// <summary>Entry by entry, for a reason that is recorded before the answer leaves.</summary>
    OnRequest,

    /// <summary>In clear.</summary>
    Shown,
}

/// <summary>The words for <see cref="PersonalView"/>.</summary>
public static class PersonalViews
{
    /// <summary>Every word.</summary>
    public static IReadOnlyList<string> Words { get; } = ["hidden", "on_request", "shown"];

    /// <summary>A view's word.</summary>
    public static string WordOf(PersonalView view) => Words[(int)view];

    /// <summary>Reads a view's word.</summary>
    /// <param name="word">Untrusted.</param>
    /// <returns>The view, or null.</returns>
    public static PersonalView? Parse(string? word) => Words.ToList().IndexOf(word ?? "") is >= 0 and var at ? (PersonalView)at : null;
}
