using Indelible.Detection;

namespace Indelible.Server.Detection;

/// <summary>Where rules are read from.</summary>
public static class RuleFolder
{
    private const string Pattern = "*.yml";
    private const string Mappings = "mappings";
    private const string Placeholders = "placeholders.yml";

    /// <summary>Reads a file; or all files of rules in a folder and those below it, mappings and placeholders left out; or those that come with the product, by <see cref="ServerOptions.ShippedRulesName"/>.</summary>
    /// <exception cref="IOException">One cannot be read, or has more than <see cref="DetectionLimits.FileBytes"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static IEnumerable<RuleFile> Read(string path)
    {
        if (path == ServerOptions.ShippedRulesName)
        {
            return ShippedRules.Files;
        }

        return Directory.Exists(path)
            ? Directory.GetFiles(path, Pattern, SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) != Mappings && Path.GetFileName(file) != Placeholders).Order(StringComparer.Ordinal).Select(ReadFile)
            : [ReadFile(path)];
    }

    /// <summary>The files of mappings that lie with rules: in folders of the name <c>mappings</c>. They come before those of the product.</summary>
    /// <param name="paths">As for <see cref="Read"/>.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static IEnumerable<RuleFile> ReadMappings(IEnumerable<string> paths) => paths.Where(Directory.Exists)
        .SelectMany(path => Directory.GetFiles(path, Pattern, SearchOption.AllDirectories)).Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == Mappings).Order(StringComparer.Ordinal).Select(ReadFile);

    /// <summary>The files of placeholders that lie with rules: <c>placeholders.yml</c>, in a folder that is named and not below it.</summary>
    /// <param name="paths">As for <see cref="Read"/>.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static IEnumerable<RuleFile> ReadPlaceholders(IEnumerable<string> paths) => paths.Select(path => Path.Combine(path, Placeholders)).Where(File.Exists).Select(ReadFile);

    private static RuleFile ReadFile(string path) => new FileInfo(path).Length <= DetectionLimits.FileBytes
        ? new RuleFile(path, File.ReadAllText(path))
        : throw new IOException($"{path} has {new FileInfo(path).Length} bytes; files of rules have at most {DetectionLimits.FileBytes}.");
}
