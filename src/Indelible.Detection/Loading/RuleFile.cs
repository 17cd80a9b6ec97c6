namespace Indelible.Detection;

/// <summary>A file of rules as it was read.</summary>
/// <param name="Path">What faults name it by.</param>
/// <param name="Text">Its YAML: one document or several.</param>
public sealed record RuleFile(string Path, string Text);
