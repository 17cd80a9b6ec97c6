namespace Indelible.Policies;

/// <summary>What a checkpoint's note shows about one key of a policy.</summary>
public enum KeyStanding
{
    /// <summary>No signature line is under its name and id.</summary>
    Absent,

    /// <summary>Its signature is valid, and made within its window.</summary>
    Believed,

    /// <summary>
    /// There is a line under its name and id, but this program cannot verify signatures of its type: it counts as if it were not there.
    /// </summary>
    NotVerifiable,

    /// <summary>
    /// The line under its name and id is not its signature over this text: the whole note is refused, as c2sp.org/signed-note recommends.
    /// </summary>
    Wrong,

    /// <summary>Its signature is valid, but was made at a time at which the key is not believed.</summary>
    OutsideWindow,

    /// <summary>Its signature is valid, but nothing tells when it was made, and the key is believed for a time only.</summary>
    TimeUnknown,
}
