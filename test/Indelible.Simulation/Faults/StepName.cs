using System.Text.RegularExpressions;

namespace Indelible.Simulation.Faults;

/// <summary>The names of the steps that a node takes on its disk.</summary>
internal static partial class StepName
{
    public static string Of(DiskOperation operation)
    {
        string place = Place(operation.Path);
        return operation.Kind switch
        {
            DiskOperationKind.Move => $"{place} → {Place(operation.Target!)}",
            _ => $"{operation.Kind} {place}",
        };
    }

    private static string Place(string path)
    {
        string name = Digits().Replace(path[SimulatedNode.Root.Length..].TrimStart('/'), "N");
        return Logs().Replace(name, "logs/NAME");
    }

    [GeneratedRegex("[0-9]{16}")]
    private static partial Regex Digits();

    [GeneratedRegex("^logs/[^/]+")]
    private static partial Regex Logs();
}
