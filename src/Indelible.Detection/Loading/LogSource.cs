namespace Indelible.Detection;

/// <summary>Which kind of log a rule is written for (Sigma 2.1, <c>logsource</c>). Compared without regard to case.</summary>
/// <param name="Category">As <c>webserver</c>; null for any.</param>
/// <param name="Product">As <c>aws</c>; null for any.</param>
/// <param name="Service">As <c>cloudtrail</c>; null for any.</param>
public sealed record LogSource(string? Category, string? Product, string? Service)
{
    /// <summary>Whether a rule that names this source is meant for a log that is described by another: what both name is the same.</summary>
    public bool IsFor(LogSource log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Agree(Category, log.Category) && Agree(Product, log.Product) && Agree(Service, log.Service);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", new[] { ("category", Category), ("product", Product), ("service", Service) }
        .Where(part => part.Item2 is not null).Select(part => $"{part.Item1} {part.Item2}"));

    private static bool Agree(string? wanted, string? log) => wanted is null || string.Equals(wanted, log, StringComparison.OrdinalIgnoreCase);
}
