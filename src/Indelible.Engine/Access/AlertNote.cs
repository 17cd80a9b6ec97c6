using System.Text.Json;

namespace Indelible.Engine.Access;

/// <summary>What a rule found in a log; an entry of <c>_alerts</c>.</summary>
/// <param name="Id">Its id, the same whenever the same is found: it is entered once.</param>
/// <param name="Log">The log that it was found in.</param>
/// <param name="Time">When the last event of it happened.</param>
/// <param name="Message">It in a sentence, of at most 1,024 characters; no personal value may be in it.</param>
/// <param name="Data">Writes the rest: members of an object. No personal value may be in it in clear.</param>
public sealed record AlertNote(string Id, string Log, DateTimeOffset Time, string Message, Action<Utf8JsonWriter> Data)
{
    /// <summary>As much of it as is an entry whatever was found; null where it is that itself.</summary>
    public AlertNote? Least { get; init; }
}
