using Indelible.Detection;

namespace Indelible.Server.Detection;

/// <summary>Rules that were to be asked are wrong; those before are asked further.</summary>
/// <param name="faults">What is wrong; one at least.</param>
public sealed class RulesRefusedException(IReadOnlyList<RuleFault> faults) : Exception($"{faults.Count} documents are refused, the first for this: {faults[0]}")
{
    /// <summary>What is wrong.</summary>
    public IReadOnlyList<RuleFault> Faults { get; } = faults;
}
