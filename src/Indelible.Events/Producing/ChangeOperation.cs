namespace Indelible.Events.Producing;

/// <summary>What was done to one value.</summary>
public enum ChangeOperation
{
    /// <summary>It was not there before.</summary>
    Add,

    /// <summary>It is not there any more.</summary>
    Remove,

    /// <summary>It was another.</summary>
    Replace,
}
