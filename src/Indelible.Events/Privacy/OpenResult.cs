namespace Indelible.Privacy;

/// <summary>What came of opening a sealed value.</summary>
public enum OpenResult
{
    /// <summary>The value is what was sealed here, under this key: decrypted, and its commitment recomputed.</summary>
    Opened,

    /// <summary>The sealed value names another key.</summary>
    OtherKey,

    /// <summary>Something does not fit: the bytes, the padding, the commitment, or the place. There is no value.</summary>
    Damaged,
}
