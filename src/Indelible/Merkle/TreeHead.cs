namespace Indelible.Merkle;

/// <summary>A tree size and the root hash of the tree of that size. Says nothing about who vouches for it.</summary>
/// <param name="Size">The number of leaves.</param>
/// <param name="Root">The root hash.</param>
public readonly record struct TreeHead(long Size, Hash Root);
