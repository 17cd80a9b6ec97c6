using Indelible.Verification;

namespace Indelible.Server.Export;

/// <summary>The manifests of exports that have ended lately, in memory. Thread-safe.</summary>
internal sealed class EndedExports
{
    private readonly Dictionary<string, ExportManifest> _manifests = new(StringComparer.Ordinal);   // by its own lock
    private readonly Queue<string> _order = new();                                                  // as above: the oldest first

    /// <summary>Remembers one, and forgets the oldest where there are more than <see cref="ServerLimits.ExportsRemembered"/>.</summary>
    public void Add(ExportManifest manifest)
    {
        lock (_manifests)
        {
            _manifests.Add(manifest.Id, manifest);
            _order.Enqueue(manifest.Id);
            if (_order.Count > ServerLimits.ExportsRemembered)
            {
                _manifests.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>The manifest of an export of a log by a principal; null where there is none that is remembered.</summary>
    public ExportManifest? Find(string log, string id, string principal)
    {
        lock (_manifests)
        {
            return _manifests.GetValueOrDefault(id) is { } manifest && manifest.Log == log && manifest.Principal == principal ? manifest : null;
        }
    }
}
