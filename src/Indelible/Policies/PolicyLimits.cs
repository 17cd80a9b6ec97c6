using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>
/// Every bound that is put on a policy file and on its file of windows. c2sp.org/tlog-policy asks for at least 32 logs, witnesses and
/// groups.
/// </summary>
public static class PolicyLimits
{
    /// <summary>The longest file, in bytes.</summary>
    public const int MaxFileBytes = 1_048_576;

    /// <summary>The longest line, its LF not counted, in bytes. A group of names of full length fits.</summary>
    public const int MaxLineBytes = 65_536;

    /// <summary>The most words on a line: keyword, name, threshold and a group's members.</summary>
    public const int MaxWords = 3 + MaxMembers;

    /// <summary>The longest word, in bytes. A vkey of ML-DSA-44 under a name of full length has 2,017.</summary>
    public const int MaxWordBytes = 4_096;

    /// <summary>The longest name of a witness or group, in bytes: that of a key's name, so that any key's name can be one.</summary>
    public const int MaxNameBytes = KeyName.MaxBytes;

    /// <summary>The longest URL, in bytes.</summary>
    public const int MaxUrlBytes = 2_048;

    /// <summary>The most logs.</summary>
    public const int MaxLogs = 100;

    /// <summary>
    /// The most witnesses. A note is read with at most <see cref="SignedNote.MaxSignatures"/> signatures, so more could never all be
    /// satisfied.
    /// </summary>
    public const int MaxWitnesses = 100;

    /// <summary>The most groups.</summary>
    public const int MaxGroups = 100;

    /// <summary>The most members of a group.</summary>
    public const int MaxMembers = MaxWitnesses + MaxGroups;
}
