namespace Indelible.Privacy;

/// <summary>Gives the key of a data subject of one log, making it when the subject is new.</summary>
/// <remarks>Called on the append path: implementations answer from memory. Thread-safe.</remarks>
public interface IPersonalKeys
{
    /// <summary>The key under which this subject's personal values are sealed.</summary>
    /// <param name="subject">The subject's id, as the event states it: <c>actor.id</c>, or the id of an <c>on_behalf_of</c> item.</param>
    PersonalKey For(string subject);
}
