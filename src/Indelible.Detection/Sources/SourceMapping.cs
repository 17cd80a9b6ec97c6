namespace Indelible.Detection;

/// <summary>How events of one kind of log stand in entries: which entries they are, and where their fields are.</summary>
/// <remarks>Written as YAML: <c>title</c>, <c>logsource</c>, <c>when</c> (a selection over entries; without it every entry), <c>root</c> and <c>fields</c>.</remarks>
public sealed class SourceMapping
{
    private readonly IReadOnlyDictionary<string, string> _fields;
    private readonly string _root;

    internal SourceMapping(LogSource logSource, RuleNode? when, string root, IReadOnlyDictionary<string, string> fields) => (LogSource, When, _root, _fields) = (logSource, when, root, fields);

    /// <summary>The log that it describes.</summary>
    public LogSource LogSource { get; }

    /// <summary>Which entries are of that log, in the names of entries; null for all.</summary>
    internal RuleNode? When { get; }

    /// <summary>Where keywords are looked for: below this path.</summary>
    internal EntryPath Root => EntryPath.Parse(_root);

    /// <summary>Reads a mapping.</summary>
    /// <param name="file">The file; it is foreign.</param>
    /// <param name="mapping">The mapping; null where there is a fault.</param>
    /// <param name="fault">What is wrong; null where nothing is.</param>
    /// <returns>Whether it was read.</returns>
    public static bool TryRead(RuleFile file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SourceMapping? mapping, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out RuleFault? fault)
    {
        ArgumentNullException.ThrowIfNull(file);
        (mapping, fault) = (null, null);
        try
        {
            mapping = YamlDocuments.Read(file.Text) is [var document] ? Of(new RuleMap(document)) : throw new RuleFaultException(YamlDotNet.Core.Mark.Empty, "A mapping is one document.");
            return true;
        }
        catch (RuleFaultException e)
        {
            fault = new RuleFault(file.Path, (int)Math.Max(1, e.Place.Line), (int)Math.Max(1, e.Place.Column), e.Message);
            return false;
        }
    }

    /// <summary>Where a field of a rule stands in an entry.</summary>
    internal EntryPath PathOf(string field) => EntryPath.Parse(
        _fields.TryGetValue(field, out string? path) ? path : _root.Length == 0 ? field : _root + "." + field);

    private static SourceMapping Of(RuleMap map)
    {
        RuleMap source = map.RequireMap("logsource");
        return new SourceMapping(
            new LogSource(source.Text("category"), source.Text("product"), source.Text("service")),
            map.Find("when") is { } when ? new SelectionReader(new Dictionary<string, IReadOnlyList<string>>()).Read(when) : null,
            map.Text("root") ?? "",
            map.Map("fields")?.Texts() ?? []);
    }
}
