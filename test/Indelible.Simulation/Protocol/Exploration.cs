using System.Globalization;
using System.Text;

namespace Indelible.Simulation.Protocol;

/// <summary>What an exploration found.</summary>
/// <param name="States">Different states that can be reached.</param>
/// <param name="Transitions">Steps between them.</param>
/// <param name="Depth">The most steps from the beginning to a state, by the shortest way to it.</param>
/// <param name="Broken">The invariant that broke, or <see cref="Invariants.None"/>.</param>
/// <param name="Counterexample">A shortest way to where it broke.</param>
/// <param name="Taken">Every kind of step that was taken, in words.</param>
internal sealed record ExplorationResult(
    int States, long Transitions, int Depth, Invariants Broken, IReadOnlyList<(Step Step, World World)> Counterexample, IReadOnlySet<string> Taken)
{
    /// <summary>The counts, and the counterexample step by step.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{States:N0} states, {Transitions:N0} transitions, depth {Depth}");
        if (Broken == Invariants.None)
        {
            return text.ToString();
        }

        text.Append(CultureInfo.InvariantCulture, $"; {Broken} breaks after {Counterexample.Count} steps:").AppendLine();
        for (int i = 0; i < Counterexample.Count; i++)
        {
            (Step step, World world) = Counterexample[i];
            text.Append(CultureInfo.InvariantCulture, $"{i + 1,3}. {step}").AppendLine();
            text.Append("      ").Append(world).AppendLine();
        }

        return text.ToString();
    }
}

/// <summary>Visits every state that the model can reach, nearest first, each once, and stops at the first that breaks an invariant.</summary>
/// <remarks>The instances are alike: of two states that differ in which of them is called A, one is visited.</remarks>
internal sealed class Exploration
{
    private readonly Setting _setting;
    private readonly Steps _steps = new();
    private readonly HashSet<World> _known = [];
    private readonly List<World> _states = [];
    private readonly List<(int Parent, Step Step, bool Renamed)> _ways = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private long _transitions;

    private Exploration(Setting setting)
    {
        _setting = setting;
    }

    /// <summary>Explores a setting, from a log that is empty and whose head of no entries is recorded.</summary>
    public static ExplorationResult Of(Setting setting) => new Exploration(setting).Run();

    private ExplorationResult Run()
    {
        Visit(new World(), -1, default);
        int depth = 0;
        for (int levelBegins = 0, levelEnds = 1; levelBegins < levelEnds; (levelBegins, levelEnds) = (levelEnds, _states.Count))
        {
            for (int at = levelBegins; at < levelEnds; at++)
            {
                _steps.Clear();
                Find(_states[at]);
                foreach ((Step step, World next) in _steps.Found)
                {
                    _transitions++;
                    _taken.Add(step.What);
                    if (Visit(next, at, step) is not Invariants.None and Invariants broken)
                    {
                        return new ExplorationResult(_states.Count, _transitions, depth + 1, broken, WayTo(_states.Count - 1), _taken);
                    }
                }
            }

            depth += _states.Count > levelEnds ? 1 : 0;
        }

        return new ExplorationResult(_states.Count, _transitions, depth, Invariants.None, [], _taken);
    }

    private void Find(World world)
    {
        for (int who = 0; who < _setting.Instances; who++)
        {
            if (world[who].Life != Life.Up)
            {
                RecoverySteps.From(world, who, _setting, _steps);
                continue;
            }

            SequencerSteps.From(world, who, _setting, _steps);
            PublisherSteps.From(world, who, _setting, _steps);
            if (_setting.Seals)
            {
                SealerSteps.From(world, who, _setting, _steps);
            }
        }

        EnvironmentSteps.From(world, _setting, _steps);
    }

    /// <summary>Takes a state in, if it is new; says which of the invariants that are watched it breaks.</summary>
    private Invariants Visit(World world, int parent, Step step)
    {
        Invariants broken = world.Check(isAlone: _setting.Instances == 1) & _setting.Watched;
        World calm = world.Broken == Invariants.None ? world : world with { Broken = Invariants.None };
        bool isRenamed = calm.A.IsBehind(calm.B) && _setting.Instances > 1;
        if (isRenamed)
        {
            calm = calm.Renamed;
        }

        if (!_known.Add(calm) && broken == Invariants.None)
        {
            return Invariants.None;
        }

        _states.Add(calm);
        _ways.Add((parent, step, isRenamed));
        return broken;
    }

    /// <summary>The steps to a state, with the instances called what they were called at the beginning.</summary>
    private List<(Step Step, World World)> WayTo(int state)
    {
        var states = new Stack<int>();
        for (int at = state; _ways[at].Parent >= 0; at = _ways[at].Parent)
        {
            states.Push(at);
        }

        var way = new List<(Step, World)>();
        bool isRenamed = false;
        foreach (int at in states)
        {
            Step step = isRenamed ? _ways[at].Step.Renamed : _ways[at].Step;
            isRenamed ^= _ways[at].Renamed;
            way.Add((step, isRenamed ? _states[at].Renamed : _states[at]));
        }

        return way;
    }
}
