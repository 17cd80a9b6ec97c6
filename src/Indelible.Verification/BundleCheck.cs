using Indelible.Events;
using Indelible.Merkle;
using Indelible.Rotation;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>What one bundle shows by itself: its leaves, its entries' form and times, its level-0 tile, and what is kept beside it.</summary>
/// <param name="Leaves">Its leaf hashes; none where it could not be read.</param>
/// <param name="Entries">What each entry says; nothing where it is no entry.</param>
/// <param name="Faults">What is wrong with it.</param>
internal sealed record BundleCheck(Hash[] Leaves, EntryFacts[] Entries, IReadOnlyList<VerificationFault> Faults)
{
    /// <summary>Entry 0 of the log, of the bundle that holds it.</summary>
    public ReadOnlyMemory<byte>? FirstEntry { get; private init; }

    /// <summary>What its entries say about the log's next key, by index.</summary>
    public IReadOnlyList<(long Index, RotationFacts Keys)> Rotations { get; private init; } = [];

    /// <summary>Reads and checks a bundle.</summary>
    public static async Task<BundleCheck> RunAsync(ILogSource source, TileReader tiles, BundleId id, CancellationToken cancellationToken)
    {
        var faults = new List<VerificationFault>();
        long first = id.Index * TileLayout.Width;
        IReadOnlyList<ReadOnlyMemory<byte>> entries;
        try
        {
            entries = await source.ReadBundleAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (!e.IsUnreachable)
        {
            return new BundleCheck([], [], [new VerificationFault("bundle", id.Path, e.Message)]);
        }

        if (entries.Count != id.Width)
        {
            return new BundleCheck([], [], [new VerificationFault("bundle", id.Path, $"it holds {entries.Count} entries, not {id.Width}")]);
        }

        var leaves = new Hash[entries.Count];
        var facts = new EntryFacts[entries.Count];
        List<(long, RotationFacts)>? rotations = null;
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = TreeHasher.Leaf(entries[i].Span);
            if (RotationFacts.TryRead(entries[i], out RotationFacts? keys))
            {
                (rotations ??= []).Add((first + i, keys));
            }

            if (!Entry.TryRead(entries[i].Span, out facts[i]))
            {
                faults.Add(new VerificationFault("entry", $"index {first + i} ({source.Locate(first + i)})", "it is not canonical JSON with the members of an entry"));
            }
        }

        bool allRead = faults.Count == 0;
        if (await tiles.ReadAsync(new TileId(0, id.Index, id.Width), faults, cancellationToken).ConfigureAwait(false) is { } stored)
        {
            CompareLeaves(source, id, leaves, stored, faults);
        }

        if (allRead)
        {
            faults.AddRange(source.CompareBeside(id, facts));
        }

        return new BundleCheck(leaves, facts, faults)
        {
            FirstEntry = first == 0 ? entries[0] : default(ReadOnlyMemory<byte>?),
            Rotations = rotations ?? [],
        };
    }

    private static void CompareLeaves(ILogSource source, BundleId id, Hash[] leaves, Hash[] stored, List<VerificationFault> faults)
    {
        for (int i = 0; i < leaves.Length; i++)
        {
            if (stored[i] != leaves[i])
            {
                long index = (id.Index * TileLayout.Width) + i;
                faults.Add(new VerificationFault(
                    "entry",
                    $"index {index} ({source.Locate(index)})",
                    $"its bytes hash to {leaves[i]}, but {new TileId(0, id.Index, id.Width).Path} holds {stored[i]}: the entry or the tile was changed"));
            }
        }
    }
}
