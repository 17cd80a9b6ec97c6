namespace Indelible.Events.Producing;

/// <summary>What sort of actor it is.</summary>
public enum ActorType
{
    /// <summary>A person.</summary>
    User,

    /// <summary>A program with an identity of its own.</summary>
    Service,

    /// <summary>The system itself.</summary>
    System,

    /// <summary>An agent that decides by a model; say more in its agent.</summary>
    AiAgent,

    /// <summary>Nobody was identified.</summary>
    Anonymous,

    /// <summary>The producer cannot tell.</summary>
    Unknown,
}
