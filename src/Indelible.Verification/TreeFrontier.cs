using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>How far a verifier has hashed a log: what it needs to go on from there without reading what lies before.</summary>
/// <remarks>
/// <para>
/// For each tile level from 1 on, the hashes of the tile that is not full yet: at most 255 each. They are enough for the tree's root and
/// for comparing the tiles that are filled later. A frontier of another tree leads to another root than the signed one.
/// </para>
/// <para>
/// It names the head that a verifier remembered when it was made: up to there nothing will be compared again, so it is of use only to
/// who remembers the same head. A run that came to its end and found all valid names the head that it verified. One that was
/// interrupted names what it compared with; nobody knows yet whether its entries lead to a signed root.
/// </para>
/// <para>As text, so that a person can look at it; the last line is the SHA-256 of the lines before, against accidents, not against attackers:</para>
/// <code>
/// indelible.dev/verifier-frontier/v2
/// ORIGIN
/// SIZE
/// RECEIVED_AT                     of the last entry before SIZE, or -
/// LEAF_HASH                       of entry 0, or -
/// verified|interrupted            which run made it
/// SIZE ROOT                       of the remembered head, or -
/// BASE64 BASE64 …                 a line for each level from 1 on
/// SHA256                          lower-case hex
/// </code>
/// </remarks>
public sealed class TreeFrontier
{
    private const string Header = "indelible.dev/verifier-frontier/v2";
    private const int MaxBytes = 1 << 20;
    private const int FirstRow = 7;
    private const string Absent = "-";
    private const string Verified = "verified";
    private const string Interrupted = "interrupted";

    internal TreeFrontier(
        string origin, long size, string lastReceivedAt, Hash? firstLeaf, bool isVerified, TreeHead? remembered, IReadOnlyList<IReadOnlyList<Hash>> rows)
    {
        Origin = origin;
        Size = size;
        LastReceivedAt = lastReceivedAt;
        FirstLeaf = firstLeaf;
        IsVerified = isVerified;
        Remembered = remembered;
        Rows = rows;
    }

    /// <summary>The log.</summary>
    public string Origin { get; }

    /// <summary>How many entries were hashed: a multiple of 256.</summary>
    public long Size { get; }

    /// <summary>Whether the run that made it came to its end and found all valid.</summary>
    public bool IsVerified { get; }

    /// <summary>The head remembered by whoever may go on from here; null where he remembers none.</summary>
    public TreeHead? Remembered { get; }

    /// <summary>The leaf hash of entry 0; null where nothing was hashed.</summary>
    internal Hash? FirstLeaf { get; }

    /// <summary>The time of receipt of the last of them; empty where there is none.</summary>
    internal string LastReceivedAt { get; }

    /// <summary>By level - 1: the hashes of the tile that is being filled.</summary>
    internal IReadOnlyList<IReadOnlyList<Hash>> Rows { get; }

    /// <summary>Reads a frontier.</summary>
    /// <param name="text">As <see cref="Format"/> gave it.</param>
    /// <param name="origin">The log that it must be of.</param>
    /// <param name="frontier">The frontier.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, string origin, [NotNullWhen(true)] out TreeFrontier? frontier)
    {
        frontier = null;
        int digestLine = text.Length - (2 * SHA256.HashSizeInBytes) - 1;
        if (text.Length > MaxBytes || digestLine <= 0 || !text[digestLine..].SequenceEqual(DigestLine(text[..digestLine])))
        {
            return false;
        }

        string[] lines = Encoding.UTF8.GetString(text[..(digestLine - 1)]).Split('\n');
        if (lines.Length < FirstRow || lines[0] != Header || lines[1] != origin
            || !long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out long size) || size % TileLayout.Width != 0
            || (lines[3] != Absent && lines[3].Length != Instant.FixedWidth)
            || !TryParseHash(lines[4], out Hash? firstLeaf) || firstLeaf is null != (size == 0)
            || !TryParseHead(lines[6], out TreeHead? remembered))
        {
            return false;
        }

        var rows = new List<IReadOnlyList<Hash>>();
        long expected = size / TileLayout.Width;
        foreach (string line in lines.AsSpan(FirstRow))
        {
            var row = new List<Hash>();
            foreach (string text64 in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Hash.TryParseBase64(text64, out Hash hash))
                {
                    return false;
                }

                row.Add(hash);
            }

            if (row.Count != expected % TileLayout.Width)
            {
                return false;
            }

            rows.Add(row);
            expected /= TileLayout.Width;
        }

        if (expected != 0)
        {
            return false;
        }

        // One spelling: what was read must be what would be written.
        var read = new TreeFrontier(origin, size, lines[3] == Absent ? "" : lines[3], firstLeaf, lines[5] == Verified, remembered, rows);
        frontier = text.SequenceEqual(read.Format()) ? read : null;
        return frontier is not null;
    }

    /// <summary>The frontier as text.</summary>
    public byte[] Format()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Header}\n{Origin}\n{Size}\n{(LastReceivedAt.Length == 0 ? Absent : LastReceivedAt)}\n");
        text.Append(CultureInfo.InvariantCulture, $"{FirstLeaf?.ToBase64() ?? Absent}\n{(IsVerified ? Verified : Interrupted)}\n");
        text.Append(Remembered is { } head ? string.Create(CultureInfo.InvariantCulture, $"{head.Size} {head.Root.ToBase64()}\n") : Absent + "\n");
        foreach (IReadOnlyList<Hash> row in Rows)
        {
            text.AppendJoin(' ', row.Select(hash => hash.ToBase64())).Append('\n');
        }

        byte[] lines = Encoding.UTF8.GetBytes(text.ToString());
        return [.. lines, .. DigestLine(lines)];
    }

    private static bool TryParseHash(string text, out Hash? hash)
    {
        hash = null;
        if (text == Absent)
        {
            return true;
        }

        bool isHash = Hash.TryParseBase64(text, out Hash parsed);
        hash = parsed;
        return isHash;
    }

    private static bool TryParseHead(string text, out TreeHead? head)
    {
        head = null;
        if (text == Absent)
        {
            return true;
        }

        string[] parts = text.Split(' ');
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long size) || !Hash.TryParseBase64(parts[1], out Hash root))
        {
            return false;
        }

        head = new TreeHead(size, root);
        return true;
    }

    private static byte[] DigestLine(ReadOnlySpan<byte> lines) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(lines)) + "\n");
}
