using Indelible.Detection;
using Indelible.Search;

namespace Indelible.Server.Backtests;

/// <summary>What is to be found in a log.</summary>
/// <param name="Text">The rules as they were sent.</param>
/// <param name="Rules">The same, compiled.</param>
/// <param name="Time">When it happened: findings that events of this range bring about.</param>
/// <param name="Limit">How many findings are listed.</param>
/// <param name="AsOf">The tree size to stay below.</param>
internal sealed record BacktestRequest(string Text, CompiledRules Rules, TimeRange Time, int Limit, long AsOf);
