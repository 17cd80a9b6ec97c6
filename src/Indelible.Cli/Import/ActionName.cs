using System.Text;

namespace Indelible.Cli.Import;

/// <summary>Makes names of our grammar out of the CamelCase names of an API.</summary>
internal static class ActionName
{
    /// <summary>The longest action, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>The most words an action has: <c>^[a-z0-9]+([._-][a-z0-9]+){0,7}$</c>.</summary>
    public const int MaxWords = 8;

    /// <summary>The lower-case words of a CamelCase name.</summary>
    /// <param name="name">Any text; everything but ASCII letters and digits separates words.</param>
    /// <returns>Words of <c>[a-z0-9]+</c>; none where the name has no letter or digit.</returns>
    /// <remarks>
    /// A run of capitals is one word and leaves its last letter to the word that it starts (<c>DBInstance</c>: db, instance); an
    /// <c>s</c> that ends such a run belongs to it (<c>ListACLs</c>: list, acls); digits belong to what stands before them.
    /// </remarks>
    public static IReadOnlyList<string> Words(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var words = new List<string>();
        var word = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(name[i]) || StartsWord(name, i))
            {
                EndWord();
            }

            if (char.IsAsciiLetterOrDigit(name[i]))
            {
                word.Append(char.ToLowerInvariant(name[i]));
            }
        }

        EndWord();
        return words;

        void EndWord()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    /// <summary>The words joined by underscores.</summary>
    /// <param name="name">As for <see cref="Words"/>.</param>
    public static string Snake(string name) => string.Join('_', Words(name));

    /// <summary>Makes <c>aws.&lt;service&gt;.&lt;event_name&gt;</c>.</summary>
    /// <param name="service">The service, such as <c>ec2</c> or <c>resource-explorer-2</c>.</param>
    /// <param name="eventName">The API's name of the event, such as <c>DescribeDBInstances</c>.</param>
    /// <param name="action">The action, or empty when the result is <see langword="false"/>.</param>
    /// <returns>Whether both have a letter or digit and the whole fits into <see cref="MaxLength"/>.</returns>
    /// <remarks>
    /// Where that is more than <see cref="MaxWords"/> words, the event's words are joined without a separator, and where that is not
    /// enough, the service's words too.
    /// </remarks>
    public static bool TryMake(string service, string eventName, out string action)
    {
        ArgumentNullException.ThrowIfNull(service);
        IReadOnlyList<string> place = Words(service.ToLowerInvariant());
        IReadOnlyList<string> act = Words(eventName);
        action = "";
        if (place.Count == 0 || act.Count == 0)
        {
            return false;
        }

        bool actFits = 1 + place.Count + act.Count <= MaxWords;
        bool placeFits = 1 + place.Count + 1 <= MaxWords;
        action = $"aws.{string.Join(placeFits ? "-" : "", place)}.{string.Join(actFits ? "_" : "", act)}";
        if (action.Length > MaxLength)
        {
            action = "";
            return false;
        }

        return true;
    }

    private static bool StartsWord(string name, int i)
    {
        if (i == 0 || !char.IsAsciiLetterUpper(name[i]))
        {
            return false;
        }

        if (!char.IsAsciiLetterUpper(name[i - 1]))
        {
            return true;
        }

        // Inside a run of capitals: the last of them starts a word if small letters follow, save the plural s of an acronym.
        bool smallFollows = i + 1 < name.Length && char.IsAsciiLetterLower(name[i + 1]);
        bool pluralFollows = smallFollows && name[i + 1] == 's' && (i + 2 == name.Length || char.IsAsciiLetterUpper(name[i + 2]));
        return smallFollows && !pluralFollows;
    }
}
