namespace Indelible.Detection;

/// <summary>The past of one log, for correlations that ask what was before (<c>first_seen</c>, <c>returned</c>).</summary>
/// <remarks>
/// What it answers depends on the entries before <see cref="HistoryQuestion.Before"/> alone, whenever it is asked: so the same entries lead to the same findings, after a restart as well. Asked by one
/// thread at a time.
/// </remarks>
public interface IEventHistory
{
    /// <summary>Looks for an event that a question is about.</summary>
    /// <param name="question">What is asked.</param>
    /// <returns>The time of one such event; that there is none; or that it cannot be told with bounded work.</returns>
    HistoryAnswer Find(HistoryQuestion question);
}
