using System.Text;

namespace Indelible.Detection;

/// <summary>A place of entries that rules ask for, or one on the way to such a place. Read only; thread-safe.</summary>
internal sealed class PlaceNode
{
    private Utf8Map<PlaceNode>? _children;
    private Dictionary<string, PlaceNode>? _made = new(StringComparer.Ordinal);

    /// <summary>The number of the place.</summary>
    public required int Number { get; init; }

    /// <summary>Tests of the values here; null where there is none.</summary>
    public PlaceTests? Tests { get; private set; }

    /// <summary>Tests of the values here and below; null where there is none.</summary>
    public PlaceTests? TestsBelow { get; private set; }

    /// <summary>Whether what stands here is kept, to be compared with another place or to group by.</summary>
    public bool IsKept { get; set; }

    /// <summary>Whether anything below is asked for.</summary>
    public bool HasChildren => _children!.Count > 0;

    /// <summary>Tests that are put together when all are known.</summary>
    public List<(ValueTest Test, int Predicate)> Here { get; } = [];

    /// <summary>As <see cref="Here"/>, of the values here and below.</summary>
    public List<(ValueTest Test, int Predicate)> Below { get; } = [];

    /// <summary>The place of a member; made where it is not there. Before <see cref="Finish"/> only.</summary>
    public PlaceNode Child(string name, Func<int> nextNumber)
    {
        if (!_made!.TryGetValue(name, out PlaceNode? child))
        {
            child = new PlaceNode { Number = nextNumber() };
            _made.Add(name, child);
        }

        return child;
    }

    /// <summary>The place of a member, if it is asked for.</summary>
    public PlaceNode? Find(ReadOnlySpan<byte> name) => _children!.TryFind(name, out PlaceNode? child) ? child : null;

    /// <summary>Puts the tests together: nothing is added any more.</summary>
    /// <param name="needles">How many needles there are; counted up.</param>
    public void Finish(ref int needles)
    {
        Tests = Together(Here, ref needles);
        TestsBelow = Together(Below, ref needles);
        foreach (PlaceNode child in _made!.Values)
        {
            child.Finish(ref needles);
        }

        _children = new Utf8Map<PlaceNode>(_made.Select(child => KeyValuePair.Create(Encoding.UTF8.GetBytes(child.Key), child.Value)));
        _made = null;
    }

    private static PlaceTests? Together(List<(ValueTest Test, int Predicate)> tests, ref int needles)
    {
        if (tests.Count == 0)
        {
            return null;
        }

        var together = new PlaceTests(tests, needles);
        needles += together.Needles;
        return together;
    }
}
