using System.Diagnostics.CodeAnalysis;

namespace Indelible.Events;

/// <summary>Canonical JSON: RFC 8785 over the I-JSON subset that entries use. Thread-safe.</summary>
/// <remarks>
/// One meaning, one spelling: members stand in the order of their names' UTF-16 code units, numbers as ECMAScript writes them, texts with
/// the fewest escapes, no white space. What RFC 8785 would quietly change is refused instead: a number whose canonical form denotes
/// another decimal value, or lies outside ±(2^53−1); duplicate members; lone surrogates. Two readers therefore cannot see two meanings.
/// </remarks>
public static class CanonicalJson
{
    /// <summary>Whether the bytes are one JSON value in canonical form, within an entry's limits.</summary>
    /// <param name="json">Untrusted; more than <see cref="EventLimits.EntryBytes"/> bytes, or deeper than
    /// <see cref="EventLimits.JsonDepth"/>, is not.</param>
    public static bool IsCanonical(ReadOnlySpan<byte> json)
    {
        if (json.Length > EventLimits.EntryBytes)
        {
            return false;
        }

        JsonTape tape = JsonTape.Rent();
        try
        {
            return tape.Parse(json, new FaultList()) && CanonicalWriter.Matches(tape, json);
        }
        finally
        {
            tape.Return();
        }
    }

    /// <summary>Writes one JSON value in canonical form.</summary>
    /// <param name="json">Untrusted; at most <see cref="EventLimits.ClaimInputBytes"/> bytes.</param>
    /// <param name="canonical">The canonical bytes, or null. Canonicalising them again gives the same.</param>
    /// <param name="faults">What is wrong, where the result is <see langword="false"/>.</param>
    public static bool TryCanonicalize(ReadOnlySpan<byte> json, [NotNullWhen(true)] out byte[]? canonical, out IReadOnlyList<Fault> faults)
    {
        canonical = null;
        var list = new FaultList();
        if (json.Length > EventLimits.ClaimInputBytes)
        {
            list.Add("", FaultCode.TooLong, $"{json.Length} bytes; at most {EventLimits.ClaimInputBytes} are read");
            faults = list.ToList();
            return false;
        }

        JsonTape tape = JsonTape.Rent();
        try
        {
            if (tape.Parse(json, list))
            {
                canonical = CanonicalWriter.Write(tape).Bytes.ToArray();
            }
        }
        finally
        {
            tape.Return();
        }

        faults = list.ToList();
        return canonical is not null;
    }

    /// <summary>Writes one JSON value in canonical form.</summary>
    /// <param name="json">At most <see cref="EventLimits.ClaimInputBytes"/> bytes.</param>
    /// <exception cref="TlogFormatException">The bytes are not acceptable JSON; the message names the first fault.</exception>
    public static byte[] Canonicalize(ReadOnlySpan<byte> json) =>
        TryCanonicalize(json, out byte[]? canonical, out IReadOnlyList<Fault> faults)
            ? canonical
            : throw new TlogFormatException($"No acceptable JSON: {faults[0]}");
}
