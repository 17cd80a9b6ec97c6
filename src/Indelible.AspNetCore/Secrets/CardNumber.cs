namespace Indelible.AspNetCore.Secrets;

/// <summary>Finds payment card numbers in a text: 13 to 19 digits, single spaces and dashes between them aside, whose Luhn check digit is right (ISO/IEC 7812-1).</summary>
internal static class CardNumber
{
    private const int Fewest = 13;
    private const int Most = 19;

    public static bool IsIn(ReadOnlySpan<char> text)
    {
        Span<byte> digits = stackalloc byte[Most];
        for (int start = 0; start <= text.Length - Fewest; start++)
        {
            bool begins = char.IsAsciiDigit(text[start]) && (start == 0 || !char.IsAsciiDigit(text[start - 1]));
            if (begins && Reads(text[start..], digits, out int count) && PassesLuhn(digits[..count]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads one run of digits; false unless it has a card's length, more digits included.</summary>
    private static bool Reads(ReadOnlySpan<char> text, Span<byte> digits, out int count)
    {
        count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                if (count == Most)
                {
                    return false;
                }

                digits[count++] = (byte)(text[i] - '0');
            }
            else if (text[i] is not (' ' or '-') || i + 1 == text.Length || !char.IsAsciiDigit(text[i + 1]))
            {
                break;
            }
        }

        return count >= Fewest;
    }

    private static bool PassesLuhn(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)];
            int twice = digit * 2;
            sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
        }

        // All zeros pass the sum and are nobody's card.
        return sum % 10 == 0 && sum > 0;
    }
}
