using System.Security.Cryptography;
using Indelible.Client.Recording.Spooling;

namespace Indelible.Client.Recording.Sending;

/// <summary>Where both sides of each contradiction are kept, for people to judge. Bounded; what was kept first stays.</summary>
internal static class EvidenceFolder
{
    private const int Most = 64;

    /// <summary>The contradictions of earlier runs that nobody has moved away yet.</summary>
    public static IReadOnlyList<string> Earlier(string folder) => Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)] : [];

    /// <summary>Keeps evidence; durable on return.</summary>
    /// <returns>Where it lies; null where it could not be kept.</returns>
    public static string? Keep(string folder, ContradictionKind kind, IReadOnlyList<(string Name, byte[] Content)> evidence)
    {
        try
        {
            byte[] digest = SHA256.HashData([.. evidence.SelectMany(one => SHA256.HashData(one.Content))]);
            string place = Path.Combine(folder, $"{kind.ToString().ToLowerInvariant()}-{Convert.ToHexStringLower(digest.AsSpan(0, 8))}");
            if (Directory.Exists(place))
            {
                return place;
            }

            if (Earlier(folder).Count >= Most)
            {
                return null;
            }

            SpoolDisk.MakeFolder(place);
            foreach ((string name, byte[] content) in evidence)
            {
                SpoolDisk.Replace(Path.Combine(place, name), content);
            }

            SpoolDisk.SyncFolder(folder);
            return place;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
