namespace Indelible.Cli.Import;

/// <summary>What becomes of the imported record itself.</summary>
internal enum OriginalMode
{
    /// <summary>Kept under <c>data.original</c> and encrypted there as one personal value. The default.</summary>
    Personal,

    /// <summary>Kept under <c>data.original</c> in clear: it can be searched by everybody who may read, and never be erased.</summary>
    Clear,

    /// <summary>Left out: only the mapped members are entered.</summary>
    None,
}
