using System.Text;

namespace Indelible.Search;

/// <summary>Consecutive words, case ignored; a word may hold wildcards, which never reach over its ends.</summary>
internal sealed class Phrase : IEquatable<Phrase>
{
    private readonly Glob[] _words;

    private Phrase(Glob[] words)
    {
        _words = words;
        (MayBeInIdentifiers, MayBeLong) = (IdentifierShape.MayHold(this), FoldedPhrase.MayBeLong(this));
    }

    public ReadOnlySpan<Glob> Words => _words;

    /// <summary>Whether it can stand inside an identifier that an index keeps as a hash, with a word that is not among the words of the index.</summary>
    public bool MayBeInIdentifiers { get; }

    /// <summary>Whether one of its words can be longer than the words of an index.</summary>
    public bool MayBeLong { get; }

    public bool HasWildcards => _words.Any(word => word.Wildcards > 0);

    /// <summary>Cuts a pattern into words.</summary>
    /// <returns>Null when no word is in it.</returns>
    public static Phrase? From(ReadOnlySpan<int> parts)
    {
        var words = new List<Glob>();
        var word = new List<int>();
        foreach (int part in parts)
        {
            bool alone = part >= 0 && Search.Words.StandsAlone(part) && Search.Words.IsWordCharacter(part);
            if (alone || (part >= 0 && !Search.Words.IsWordCharacter(part)))
            {
                Finish();
            }

            if (part < 0)
            {
                word.Add(part);
            }
            else if (Search.Words.IsWordCharacter(part))
            {
                word.Add(Search.Words.Fold(part));
            }

            if (alone)
            {
                Finish();
            }
        }

        Finish();

        // "Then anything" and "anything, then" say nothing at the ends of a phrase.
        int first = words.FindIndex(w => !w.IsAnything);
        int last = words.FindLastIndex(w => !w.IsAnything);
        return first < 0 ? null : new Phrase([.. words[first..(last + 1)]]);

        void Finish()
        {
            if (word.Count > 0)
            {
                words.Add(new Glob(word));
                word.Clear();
            }
        }
    }

    public static Phrase? From(string literal) => From([.. literal.EnumerateRunes().Select(rune => rune.Value)]);

    public bool Matches(ReadOnlySpan<byte> text)
    {
        int position = 0;
        while (Search.Words.Next(text, ref position, out int start, out int end))
        {
            if (_words[0].Matches(text[start..end], fold: true) && RestMatches(text, position))
            {
                return true;
            }
        }

        return false;
    }

    public bool Equals(Phrase? other) => other is not null && _words.AsSpan().SequenceEqual(other._words);

    public override bool Equals(object? obj) => Equals(obj as Phrase);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (Glob word in _words)
        {
            hash.Add(word);
        }

        return hash.ToHashCode();
    }

    /// <summary>The phrase as a query writes it: in quotes, or joined by hyphens where wildcards must stay wildcards.</summary>
    public override string ToString()
    {
        if (!HasWildcards)
        {
            return '"' + string.Join(' ', _words.Select(word => word.ToString())) + '"';
        }

        var text = new StringBuilder();
        foreach (Glob word in _words)
        {
            text.Append(text.Length == 0 ? "" : "-").Append(word);
        }

        return text.ToString();
    }

    private bool RestMatches(ReadOnlySpan<byte> text, int position)
    {
        for (int i = 1; i < _words.Length; i++)
        {
            if (!Search.Words.Next(text, ref position, out int start, out int end) || !_words[i].Matches(text[start..end], fold: true))
            {
                return false;
            }
        }

        return true;
    }
}
