namespace Indelible.Engine.Access;

/// <summary>What a credential may do with a log. A role is a set of them; a key's kind and scopes take some away.</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Append events.</summary>
    Append = 1 << 0,

    /// <summary>Search, count, view entries and their proofs, see the producers.</summary>
    Read = 1 << 1,

    /// <summary>Follow entries as they arrive.</summary>
    Tail = 1 << 2,

    /// <summary>Take entries out in bulk: exports, entry bundles, and openings of personal values.</summary>
    Export = 1 << 3,

    /// <summary>Fetch checkpoints, hash tiles and consistency proofs: nothing of an entry's content.</summary>
    Verify = 1 << 4,

    /// <summary>Change the rules of detection.</summary>
    Rules = 1 << 5,

    /// <summary>Work on alerts.</summary>
    Alerts = 1 << 6,

    /// <summary>Erase persons' data, hold and release.</summary>
    Privacy = 1 << 7,

    /// <summary>Change the configuration: logs, principals, keys, grants, expected sources.</summary>
    Admin = 1 << 8,

    /// <summary>See the configuration and its history: who may do what, and who could.</summary>
    Inspect = 1 << 9,

    /// <summary>Rotate the keys that sign.</summary>
    Custody = 1 << 10,
}

/// <summary>The words for <see cref="Rights"/> in entries, bodies and commands.</summary>
public static class RightWords
{
    private static readonly (Rights Right, string Word)[] s_words =
        [.. Enum.GetValues<Rights>().Where(right => right != Rights.None).Select(right => (right, right.ToString().ToLowerInvariant()))];

    /// <summary>Every word, in the order of the rights.</summary>
    public static IReadOnlyList<string> All { get; } = [.. s_words.Select(item => item.Word)];

    /// <summary>The words of a set of rights.</summary>
    public static IReadOnlyList<string> Of(Rights rights) => [.. s_words.Where(item => rights.HasFlag(item.Right)).Select(item => item.Word)];

    /// <summary>Reads one word.</summary>
    /// <param name="word">Untrusted.</param>
    /// <param name="right">The right, or <see cref="Rights.None"/>.</param>
    public static bool TryParse(string? word, out Rights right)
    {
        right = s_words.FirstOrDefault(item => item.Word == word).Right;
        return right != Rights.None;
    }
}
