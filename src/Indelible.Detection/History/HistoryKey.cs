using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Indelible.Detection;

/// <summary>What a group and a value are kept by: 128 bits of a hash that nobody makes two of, since they are whoever sends events.</summary>
internal static class HistoryKey
{
    /// <summary>Of a correlation, a group, and a value or none.</summary>
    public static UInt128 Of(int correlation, IReadOnlyList<string> group, string? value)
    {
        var text = new StringBuilder();
        text.Append(correlation).Append(value is null ? '-' : '+');
        foreach (string part in group)
        {
            text.Append(part.Length).Append(':').Append(part);
        }

        text.Append(value);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
