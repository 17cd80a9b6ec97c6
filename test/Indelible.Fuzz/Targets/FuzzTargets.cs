using Indelible.Fuzz.Driving;

namespace Indelible.Fuzz.Targets;

/// <summary>Every target there is: a parser of foreign bytes that is not here is not fuzzed.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. NoteTargets.All, .. ProofTargets.All, .. TileTargets.All, .. EventTargets.All, .. StorageTargets.All, .. SegmentTargets.All, .. QueryTargets.All, .. IndexTargets.All, .. ImportTargets.All,
        .. PolicyTargets.All, .. BackupTargets.All, .. ProtocolTargets.All, .. RotationTargets.All, .. ExportTargets.All, .. RuleTargets.All,
    ];

    /// <summary>The target of this name, or null.</summary>
    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
