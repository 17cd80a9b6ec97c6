using System.Text.RegularExpressions;

namespace Indelible.Simulation.Faults;

/// <summary>The steps that a node takes on its disk, in words: the rows of <c>docs/design/crash-table.md</c>.</summary>
internal static partial class StepName
{
    private static readonly Dictionary<string, string> s_places = new(StringComparer.Ordinal)
    {
        ["/"] = "the folder above the data folder",
        [""] = "the data folder",
        ["indelible.json"] = "the settings",
        ["master.key"] = "the master key",
        ["lock"] = "the lock",
        ["keys"] = "the folder of keys",
        ["keys/NAME.key"] = "a signing key",
        ["keys/NAME.key.next"] = "the next signing key",
        ["checkpoints"] = "the folder of the checkpoint store",
        ["checkpoints/heads"] = "the checkpoint store",
        ["checkpoints/heads.lock"] = "the checkpoint store's lock",
        ["checkpoints/heads.rewritten"] = "the checkpoint store written anew",
        ["journal"] = "the journal's folder",
        ["journal/N.journal"] = "a journal file",
        ["journal/N.journal.new"] = "the last journal file written anew",
        ["journal/spare"] = "the spare journal file",
        ["place"] = "the file that tells copies",
        ["logs"] = "the folder of logs",
        ["logs/NAME"] = "a log's folder",
        ["logs/NAME/segments"] = "a log's folder of segments",
        ["logs/NAME/segments/N.segment"] = "a segment",
        ["logs/NAME/tail"] = "a log's folder of tail files",
        ["logs/NAME/tail/N.tail"] = "a tail file",
    };

    public static string Of(DiskOperation operation) => operation.Kind switch
    {
        DiskOperationKind.Open => $"open {Place(operation.Path)}",
        DiskOperationKind.Read => $"read {Place(operation.Path)}",
        DiskOperationKind.Lock => $"take {Place(operation.Path)}",
        DiskOperationKind.Create => $"make {Place(operation.Path)}",
        DiskOperationKind.Write => $"write {Place(operation.Path)}",
        DiskOperationKind.SetLength => $"cut {Place(operation.Path)}",
        DiskOperationKind.Sync => $"sync {Place(operation.Path)}",
        DiskOperationKind.Move => $"rename {Place(operation.Path)} to {Place(operation.Target!)}",
        DiskOperationKind.Delete => $"delete {Place(operation.Path)}",
        DiskOperationKind.MakeFolder => $"make {Place(operation.Path)}",
        DiskOperationKind.SyncFolder => $"sync {Place(operation.Path)}",
        _ => $"take the right to write from {Place(operation.Path)}",
    };

    /// <exception cref="KeyNotFoundException">A node uses a file that has no words here yet.</exception>
    private static string Place(string path)
    {
        const string Unfinished = ".new";
        if (!path.StartsWith(SimulatedNode.Root, StringComparison.Ordinal))
        {
            return s_places[path];
        }

        string name = Keys().Replace(Logs().Replace(Digits().Replace(path[SimulatedNode.Root.Length..].TrimStart('/'), "N"), "logs/NAME"), "keys/NAME.key");
        return s_places.TryGetValue(name, out string? place) || !name.EndsWith(Unfinished, StringComparison.Ordinal)
            ? place ?? throw new KeyNotFoundException($"There are no words for {name}.")
            : "the beginnings of " + s_places[name[..^Unfinished.Length]];
    }

    [GeneratedRegex("[0-9]{16}")]
    private static partial Regex Digits();

    [GeneratedRegex("^logs/[^/]+")]
    private static partial Regex Logs();

    [GeneratedRegex("^keys/[^/]+\\.key")]
    private static partial Regex Keys();
}
