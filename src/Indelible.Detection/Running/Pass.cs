namespace Indelible.Detection;

/// <summary>Which predicates the values of one event passed. One for each thread.</summary>
/// <param name="predicates">How many predicates there are.</param>
/// <param name="needles">How many needles there are, at all places together.</param>
internal sealed class Pass(int predicates, int needles)
{
    private readonly int[] _seenIn = new int[needles];
    private int _value;

    private readonly bool[] _passed = new bool[predicates];
    private readonly List<int> _all = [];

    /// <summary>Folds values.</summary>
    public FoldedText Folded;

    /// <summary>By predicate, whether a value passed it.</summary>
    public ReadOnlySpan<bool> Passed => _passed;

    /// <summary>Those that were passed.</summary>
    public IReadOnlyList<int> All => _all;

    /// <summary>Whether a predicate was passed.</summary>
    public bool Has(int predicate) => _passed[predicate];

    /// <summary>Whether some predicates all were passed.</summary>
    public bool HasAll(ReadOnlySpan<int> wanted)
    {
        foreach (int predicate in wanted)
        {
            if (!_passed[predicate])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds a predicate.</summary>
    public void Add(int predicate)
    {
        if (!_passed[predicate])
        {
            _passed[predicate] = true;
            _all.Add(predicate);
        }
    }

    /// <summary>Adds predicates.</summary>
    public void Add(ReadOnlySpan<int> passed)
    {
        foreach (int predicate in passed)
        {
            Add(predicate);
        }
    }

    /// <summary>Begins a value: each needle is news once more.</summary>
    public void BeginValue() => _value++;

    /// <summary>Whether a needle is seen in this value for the first time: what hangs on it is looked at once, however often it stands there.</summary>
    public bool IsNew(int needle)
    {
        bool isNew = _seenIn[needle] != _value;
        _seenIn[needle] = _value;
        return isNew;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach (int predicate in _all)
        {
            _passed[predicate] = false;
        }

        _all.Clear();
    }
}
