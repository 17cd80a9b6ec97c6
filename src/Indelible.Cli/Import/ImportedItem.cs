namespace Indelible.Cli.Import;

/// <summary>Where in the given files something was read.</summary>
/// <param name="File">The file's path, as it was given or found below a given folder.</param>
/// <param name="Record">The record's number in its file, counted from 1 over good and bad ones; 0 for the file as a whole.</param>
/// <param name="ByteOffset">
/// Where the record starts in the file's unpacked content, counted from 0; <see langword="null"/> where that is not known.
/// </param>
internal sealed record ImportPosition(string File, long Record, long? ByteOffset)
{
    /// <summary>The position as people read it: <c>file, record 3, byte 512</c>.</summary>
    public override string ToString() => (Record, ByteOffset) switch
    {
        (0, _) => File,
        (_, null) => $"{File}, record {Record}",
        _ => $"{File}, record {Record}, byte {ByteOffset}",
    };
}

/// <summary>What an import makes of one record: a claim or a fault, never nothing.</summary>
/// <param name="Position">Where the record stands, so that a claim which the log refuses can be named as well.</param>
internal abstract record ImportedItem(ImportPosition Position);

/// <summary>An event of schema <c>audit/1</c>, ready to be appended.</summary>
/// <param name="Position">Where the record stands.</param>
/// <param name="Id">The claim's <c>id</c>.</param>
/// <param name="Utf8">The claim: one JSON object in UTF-8, not in canonical form. Owned by the receiver.</param>
internal sealed record ImportedClaim(ImportPosition Position, string Id, ReadOnlyMemory<byte> Utf8) : ImportedItem(Position);

/// <summary>Something that could not be read or mapped.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Pointer">The JSON Pointer of the fault in the record; empty where the record as a whole is at fault.</param>
/// <param name="Detail">One sentence for the operator: the thing, the value seen and the value wanted.</param>
internal sealed record ImportFault(ImportPosition Position, string Pointer, string Detail) : ImportedItem(Position);
