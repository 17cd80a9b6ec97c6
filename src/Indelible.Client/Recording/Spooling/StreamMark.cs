namespace Indelible.Client.Recording.Spooling;

/// <summary>What an event states about its stream, besides its number.</summary>
/// <param name="IsLast">Whether the stream ends with it.</param>
/// <param name="StatesHighest">Whether it says that its number is the highest given out: a heartbeat.</param>
/// <param name="Previous">On a stream's first event: the stream that this instance wrote before; null for none.</param>
internal readonly record struct StreamMark(bool IsLast = false, bool StatesHighest = false, PreviousStream? Previous = null);
