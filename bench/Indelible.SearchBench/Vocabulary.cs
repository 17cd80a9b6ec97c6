using Indelible.Cli.Demo;

namespace Indelible.SearchBench;

/// <summary>Invented words that messages are made of: a few that are everywhere and many that are hardly anywhere.</summary>
/// <remarks>
/// Three or four syllables each, and each syllable with a letter that no hexadecimal number has: no word can be part of an id, so that every
/// engine finds the same entries whether it takes the words of ids or not.
/// </remarks>
/// <param name="size">How many words, at most 216,000 × 60.</param>
/// <param name="skew">The higher, the more of the text is made of few words: a word's place is chance to this power.</param>
internal sealed class Vocabulary(int size, double skew)
{
    private const string Consonants = "gklmnprstvwz";
    private const string Vowels = "aeiou";
    private const int Syllables = 60;

    // Odd and prime, so no divisor of a power of 60: neighbours in rank do not look alike, and no two are the same.
    private const long Scramble = 7_368_787;

    /// <summary>A word by chance, by its rank the oftener.</summary>
    public string Draw(SeededRandom random) => Word((int)(Math.Pow((random.NextBits() >> 11) * (1.0 / (1UL << 53)), skew) * size));

    /// <summary>One of the rarer half.</summary>
    public string DrawRare(SeededRandom random) => Word(random.Next(size / 2, size));

    /// <summary>Some words, each with a blank before the next.</summary>
    public string Sentence(SeededRandom random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Draw(random)));

    private string Word(int rank)
    {
        int length = size <= Syllables * Syllables * Syllables ? 3 : 4;
        long all = (long)Math.Pow(Syllables, length);
        long place = rank * Scramble % all;
        return string.Create(length * 2, place, static (word, left) =>
        {
            for (int i = 0; i < word.Length; i += 2, left /= Syllables)
            {
                int syllable = (int)(left % Syllables);
                word[i] = Consonants[syllable / Vowels.Length];
                word[i + 1] = Vowels[syllable % Vowels.Length];
            }
        });
    }
}
