namespace Indelible.SearchBench;

/// <summary>The first answer to each question, which every other engine's is held against.</summary>
internal sealed class AnswerBook
{
    private const int Told = 20;
    private readonly Dictionary<string, (string Engine, Answer Answer)> _answers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Engine, CountAnswer Answer)> _counts = new(StringComparer.Ordinal);
    private readonly List<string> _differences = [];

    /// <summary>How many answers were the same as another engine's.</summary>
    public int Agreed { get; private set; }

    /// <summary>How many were not.</summary>
    public int Differed { get; private set; }

    /// <summary>What differs, of the first few.</summary>
    public IReadOnlyList<string> Differences => _differences;

    /// <summary>Answers that an engine called inexact, by what it said.</summary>
    public HashSet<string> Inexact { get; } = [];

    /// <summary>Compares an answer, or keeps it where it is the first.</summary>
    public void Check(string engine, Question question, Answer answer)
    {
        if (!answer.IsExact)
        {
            Inexact.Add($"{engine} told a lower bound of the total for “{Question.NameOf(question.Kind)}”");
        }

        string key = question.ToString();
        if (!_answers.TryGetValue(key, out (string Engine, Answer Answer) first))
        {
            _answers.Add(key, (engine, answer));
            return;
        }

        if (first.Engine == engine)
        {
            return;
        }

        bool exact = answer.IsExact && first.Answer.IsExact;
        bool same = answer.Rows.SequenceEqual(first.Answer.Rows) && (answer.Total == first.Answer.Total || !exact || answer.Total < 0 || first.Answer.Total < 0);
        Note(same, $"{key}: {engine} finds {answer.Total}, the newest {answer.Rows.FirstOrDefault(-1)}; {first.Engine} {first.Answer.Total}, {first.Answer.Rows.FirstOrDefault(-1)}");
    }

    /// <summary>Compares counts, or keeps them where they are the first.</summary>
    public void Check(string engine, CountQuestion question, CountAnswer answer)
    {
        if (!answer.IsExact)
        {
            Inexact.Add($"{engine} did not count everything for “{CountQuestion.NameOf(question.Kind)}”");
            return;
        }

        string key = question.ToString();
        if (!_counts.TryGetValue(key, out (string Engine, CountAnswer Answer) first))
        {
            _counts.Add(key, (engine, answer));
        }
        else if (first.Engine != engine)
        {
            Note(answer.Counts.SequenceEqual(first.Answer.Counts), $"{key}: {engine} counts {Sum(answer)} in {answer.Counts.Count}, {first.Engine} {Sum(first.Answer)} in {first.Answer.Counts.Count}");
        }

        static long Sum(CountAnswer answer) => answer.Counts.Sum(count => count.Count);
    }

    private void Note(bool same, string difference)
    {
        Agreed += same ? 1 : 0;
        Differed += same ? 0 : 1;
        if (!same && _differences.Count < Told)
        {
            _differences.Add(difference);
        }
    }
}
