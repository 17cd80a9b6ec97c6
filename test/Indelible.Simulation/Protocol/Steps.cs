namespace Indelible.Simulation.Protocol;

/// <summary>A step of somebody.</summary>
/// <param name="Instance">Whose, or −1 for the world around them.</param>
/// <param name="What">What happens, in words.</param>
internal readonly record struct Step(int Instance, string What)
{
    /// <summary>The same step of the other instance.</summary>
    public Step Renamed => Instance < 0 ? this : this with { Instance = 1 - Instance };

    public override string ToString() => Instance switch { 0 => "A ", 1 => "B ", _ => "" } + What;
}

/// <summary>Collects the steps that are possible in one state.</summary>
internal sealed class Steps
{
    private readonly List<(Step Step, World Next)> _found = [];

    public IReadOnlyList<(Step Step, World Next)> Found => _found;

    public void Clear() => _found.Clear();

    public void Add(string what, World next) => _found.Add((new Step(-1, what), next));

    public void Add(int instance, string what, World next) => _found.Add((new Step(instance, what), next));
}
