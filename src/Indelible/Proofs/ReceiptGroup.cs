using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>Everything that a log promises with one signature when a group of entries is durable. Our own construction B.</summary>
/// <remarks>
/// A head is signed later; what is acknowledged before is a promise, and a promise must bind. The promises of a group are the leaves
/// of a small tree of the form of RFC 6962, in index order, and one note over its root is signed:
/// <code>
/// leaf:  origin LF index LF base64(leaf hash) LF received_at LF id LF
/// note:  indelible.dev/receipt/v1 LF count LF base64(root) LF
/// </code>
/// Each says: this leaf stands at this index in every head larger than the index, and such a head is published within 60 seconds. A
/// receipt and another leaf proven at that index convict the log. Not thread-safe.
/// </remarks>
public sealed class ReceiptGroup
{
    internal const string NoteHeader = "indelible.dev/receipt/v1";

    private const int StackBytes = 1024;
    private const int IndexDigits = 20;

    private readonly List<Hash> _leaves = [];

    /// <summary>The number of promises.</summary>
    public int Count => _leaves.Count;

    /// <summary>Adds a promise.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="index">The leaf index.</param>
    /// <param name="leafHash">The entry's leaf hash.</param>
    /// <param name="receivedAt">The entry's <c>received_at</c>.</param>
    /// <param name="id">The event's id.</param>
    /// <returns>Its position in the tree.</returns>
    public int Add(string origin, long index, in Hash leafHash, string receivedAt, string id)
    {
        _leaves.Add(LeafOf(origin, index, leafHash, receivedAt, id));
        return _leaves.Count - 1;
    }

    /// <summary>Signs the group.</summary>
    /// <param name="signer">The key for receipts, <c>&lt;host&gt;/receipts</c>.</param>
    /// <exception cref="InvalidOperationException">There is no promise in it.</exception>
    public SignedReceiptGroup Sign(NoteSigner signer)
    {
        if (Count == 0)
        {
            throw new InvalidOperationException("A group of no promises is not signed.");
        }

        var levels = new List<Hash[]> { _leaves.ToArray() };
        while (levels[^1].Length > 1)
        {
            Hash[] below = levels[^1];
            var level = new Hash[(below.Length + 1) / 2];
            for (int i = 0; i < level.Length; i++)
            {
                // A last odd node goes up as it is: that is what RFC 6962's unbalanced tree comes to.
                level[i] = (2 * i) + 1 < below.Length ? TreeHasher.Node(below[2 * i], below[(2 * i) + 1]) : below[2 * i];
            }

            levels.Add(level);
        }

        return new SignedReceiptGroup(levels, Encoding.UTF8.GetString(SignedNote.Sign(NoteText(Count, levels[^1][0]), signer).ToBytes()));
    }

    internal static Hash LeafOf(string origin, long index, in Hash leafHash, string receivedAt, string id)
    {
        // Assembled on the stack: this runs once for every event of every group.
        int longest = Encoding.UTF8.GetMaxByteCount(origin.Length + receivedAt.Length + id.Length) + IndexDigits + Hash.Base64Length + 5;
        Span<byte> leaf = longest <= StackBytes ? stackalloc byte[StackBytes] : new byte[longest];
        int at = Line(leaf, Encoding.UTF8.GetBytes(origin, leaf));
        Utf8Formatter.TryFormat(index, leaf[at..], out int digits);
        at = Line(leaf, at + digits);
        Base64.EncodeToUtf8(leafHash.Bytes, leaf[at..], out _, out int characters);
        at = Line(leaf, at + characters);
        at = Line(leaf, at + Encoding.UTF8.GetBytes(receivedAt, leaf[at..]));
        at = Line(leaf, at + Encoding.UTF8.GetBytes(id, leaf[at..]));
        return TreeHasher.Leaf(leaf[..at]);
    }

    private static int Line(Span<byte> text, int end)
    {
        text[end] = (byte)'\n';
        return end + 1;
    }

    internal static byte[] NoteText(long count, in Hash root) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{NoteHeader}\n{count}\n{root.ToBase64()}\n"));
}

/// <summary>A signed group: one note, and for each promise its way to the root. Immutable, thread-safe.</summary>
public sealed class SignedReceiptGroup
{
    private readonly List<Hash[]> _levels;

    internal SignedReceiptGroup(List<Hash[]> levels, string note)
    {
        _levels = levels;
        Note = note;
    }

    /// <summary>The signed note.</summary>
    public string Note { get; }

    /// <summary>The number of promises.</summary>
    public int Count => _levels[0].Length;

    /// <summary>The inclusion proof of the promise at <paramref name="position"/>.</summary>
    public Hash[] PathOf(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Count);
        var path = new List<Hash>(_levels.Count);
        for (int height = 0; height < _levels.Count - 1; height++, position /= 2)
        {
            int sibling = position ^ 1;
            if (sibling < _levels[height].Length)
            {
                path.Add(_levels[height][sibling]);
            }
        }

        return [.. path];
    }
}
