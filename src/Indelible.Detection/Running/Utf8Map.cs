using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;

namespace Indelible.Detection;

/// <summary>What is found by bytes. Made once, then only read; thread-safe.</summary>
internal sealed class Utf8Map<T>
{
    private readonly Dictionary<byte[], T> _map;
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _spans;

    public Utf8Map(IEnumerable<KeyValuePair<byte[], T>> members)
    {
        _map = new Dictionary<byte[], T>(members, Utf8Comparer.Instance);
        _spans = _map.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public int Count => _map.Count;

    public bool TryFind(ReadOnlySpan<byte> key, [MaybeNullWhen(false)] out T found) => _spans.TryGetValue(key, out found);
}

/// <summary>Compares bytes. Rules are loaded by an administrator and events are looked for in what they made: nobody else chooses what is in a map.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly Utf8Comparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
