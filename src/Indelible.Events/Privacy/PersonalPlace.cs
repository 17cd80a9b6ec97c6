namespace Indelible.Privacy;

/// <summary>One value of a claim that is to be sealed.</summary>
/// <param name="Node">Its node in the claim's canonical document.</param>
/// <param name="Pointer">Its JSON Pointer, with real array indexes.</param>
/// <param name="Subject">Under whose key.</param>
internal readonly record struct PersonalPlace(int Node, string Pointer, string Subject);
