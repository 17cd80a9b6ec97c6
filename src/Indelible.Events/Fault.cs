namespace Indelible.Events;

/// <summary>One thing that is wrong with an event, where it is, and what is wanted instead.</summary>
/// <param name="Pointer">The JSON Pointer (RFC 6901) of the fault in the claim; empty for the whole.</param>
/// <param name="Code">One of <see cref="FaultCode"/>: stable, for programs.</param>
/// <param name="Detail">For people: what was seen (shortened, and never the value of a personal field) and what is wanted. Not
/// stable.</param>
public sealed record Fault(string Pointer, string Code, string Detail)
{
    /// <summary>The pointer and the detail on one line.</summary>
    public override string ToString() => $"{(Pointer.Length == 0 ? "(the event)" : Pointer)}: {Detail}";
}
