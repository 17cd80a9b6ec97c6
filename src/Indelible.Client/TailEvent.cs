namespace Indelible.Client;

/// <summary>Something that a live tail says; <b>not verified</b>.</summary>
/// <param name="Name"><c>begins</c>: the first index that it may show; else the server's word: <c>entry</c>, <c>skipped</c>, <c>end</c>.</param>
/// <param name="Id">The index that it is about; null where it names none.</param>
/// <param name="Data">An entry as JSON, or a text for people.</param>
public sealed record TailEvent(string Name, long? Id, string Data);
