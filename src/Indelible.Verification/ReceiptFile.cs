using System.Text;
using System.Text.Json;
using Indelible.Merkle;
using Indelible.Proofs;

namespace Indelible.Verification;

/// <summary>Receipts as the server answers an append, an answer a line: what <c>indelible append --receipts FILE</c> keeps.</summary>
public static class ReceiptFile
{
    private const int MaxPath = 64;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads the receipts of a file. They are not verified.</summary>
    /// <param name="lines">The file's lines.</param>
    /// <exception cref="TlogFormatException">A line is not such an answer; the message names it.</exception>
    public static IEnumerable<DurableReceipt> Read(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.Length > 0)
            {
                foreach (DurableReceipt receipt in ReadLine(line, number))
                {
                    yield return receipt;
                }
            }
        }
    }

    private static List<DurableReceipt> ReadLine(string line, int number)
    {
        try
        {
            // Of a member given twice, or in both forms of an answer, two readers could take different receipts.
            using var answer = JsonDocument.Parse(line, s_strict);
            JsonElement root = answer.RootElement;
            JsonElement note = root.GetProperty("receipt_note");
            bool isShort = root.TryGetProperty("receipts", out JsonElement all);
            if (isShort && root.TryGetProperty("results", out _))
            {
                throw new FormatException("it has both receipts and results");
            }

            IEnumerable<JsonElement> receipts = isShort
                ? all.EnumerateArray()
                : root.GetProperty("results").EnumerateArray().Where(result => result.TryGetProperty("receipt", out _)).Select(result => result.GetProperty("receipt"));
            return [.. receipts.Select(receipt => Read(receipt, Encoding.UTF8.GetBytes(Text(note))))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new TlogFormatException($"Line {number} is not an answer with receipts: {e.Message}");
        }
    }

    private static DurableReceipt Read(JsonElement receipt, byte[] note) => new(
        Text(receipt.GetProperty("origin")),
        IndexOf(receipt.GetProperty("index")),
        HashOf(receipt.GetProperty("leaf_hash")),
        Text(receipt.GetProperty("received_at")),
        Text(receipt.GetProperty("id")),
        receipt.GetProperty("position").GetInt64(),
        [.. receipt.GetProperty("path").EnumerateArray().Take(MaxPath).Select(HashOf)],
        note);

    private static long IndexOf(JsonElement number) =>
        number.GetInt64() is >= 0 and var index ? index : throw new FormatException($"index is {number.GetRawText()}, and no entry is there");

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("a text is null");

    private static Hash HashOf(JsonElement text) =>
        Hash.TryParseBase64(text.GetString()!, out Hash hash) ? hash : throw new FormatException($"'{text.GetString()}' is no hash");
}
