using System.Text.Json;
using Indelible.Cli.Demo;

namespace Indelible.SearchBench;

/// <summary>Makes questions about what is there, each time the same: values of entries drawn by chance, words of the vocabulary.</summary>
internal sealed class QuestionMaker(EntryFolder entries, Corpus corpus)
{
    private const string HexDigits = "0123456789abcdef";
    private const long HalfDay = 43_200_000;
    private static readonly string[] s_common =
        ["diagnosis", "medication", "appointment", "invoice", "record", "nurse", "doctor", "reception", "billing", "login", "phi", "pii", "forbidden", "windows", "clinic", "import"];

    private static readonly string[] s_actions = ["patient_record.read", "patient_record.update", "appointment.create", "invoice.create", "lab_result.import", "session.sign_in", "prescription.create", "lab_result.read"];

    /// <summary>Questions of one kind.</summary>
    public IReadOnlyList<Question> Make(QuestionKind kind, int count)
    {
        var random = new SeededRandom(0x5EA2C4 + (ulong)kind);
        var made = new List<Question>(count);
        while (made.Count < (kind == QuestionKind.Newest ? 1 : count))
        {
            if (Draw(kind, random) is { } question)
            {
                made.Add(question);
            }
        }

        // The newest are always the same; asked as often as the others.
        return kind == QuestionKind.Newest ? [.. Enumerable.Repeat(made[0], count)] : made;
    }

    /// <summary>Questions that count.</summary>
    public static IReadOnlyList<CountQuestion> MakeCounts(CountKind kind, int count)
    {
        var random = new SeededRandom(0xC0);
        return [.. Enumerable.Range(0, count).Select(_ => new CountQuestion(kind, kind == CountKind.TopActorsOfAction ? random.Pick(s_actions) : ""))];
    }

    /// <summary>One question, or null where the entry drawn has no value for it.</summary>
    private Question? Draw(QuestionKind kind, SeededRandom random)
    {
        switch (kind)
        {
            case QuestionKind.Newest:
                return new Question(kind);
            case QuestionKind.RareWord:
                return new Question(kind, corpus.Words.DrawRare(random));
            case QuestionKind.CommonWord:
                return new Question(kind, random.Pick(s_common));
            case QuestionKind.TwoCommonWords:
                (string one, string other) = (random.Pick(s_common), random.Pick(s_common));
                return one == other ? null : new Question(kind, one, other);
            case QuestionKind.DataPath:
                return new Question(kind, $"clinic-{random.Next(corpus.Companies):D4}", random.Pick(Corpus.Outcomes));
            case QuestionKind.Substring:
                return new Question(kind, $"xq{new Vocabulary(20_000, 1).Draw(random)[..4]}");
            case QuestionKind.HexSubstring:
                return new Question(kind, string.Concat(Enumerable.Range(0, 11).Select(_ => HexDigits[random.Next(HexDigits.Length)])));
        }

        long index = (long)(random.NextBits() % (ulong)entries.Count);
        ReadOnlyMemory<byte> entry = entries.Clear(entries.Read(index, index + 1)[0]);
        var row = EventRow.Of(index, entry.Span);
        return kind switch
        {
            QuestionKind.Id => new Question(kind, row.Id),
            QuestionKind.ActorDay => new Question(kind, row.Actor, From: row.Time - HalfDay, To: row.Time + HalfDay),
            QuestionKind.Target => row.Target is { } target && target.StartsWith("p-", StringComparison.Ordinal) ? new Question(kind, target) : null,
            QuestionKind.Address => row.Ip is { } ip ? new Question(kind, ip) : null,
            QuestionKind.Phrase => Phrase(entry, random),
            _ => throw new InvalidOperationException($"No question of kind {kind}."),
        };
    }

    /// <summary>Two neighbours of a message's invented words.</summary>
    private static Question? Phrase(ReadOnlyMemory<byte> entry, SeededRandom random)
    {
        using JsonDocument json = JsonDocument.Parse(entry);
        string[] words = json.RootElement.TryGetProperty("message", out JsonElement message) ? message.GetString()!.Split(' ') : [];
        int at = random.Next(Math.Max(1, words.Length - 1));
        return words.Length >= 6 && words.All(word => word.All(char.IsAsciiLetterLower)) ? new Question(QuestionKind.Phrase, words[at], words[at + 1]) : null;
    }
}
