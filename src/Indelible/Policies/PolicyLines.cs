using System.Globalization;

namespace Indelible.Policies;

/// <summary>
/// Reads the lines that say something, word by word: the octet rules that the policy and its windows share. c2sp.org/tlog-policy.
/// </summary>
internal ref struct PolicyLines
{
    private ReadOnlySpan<byte> _rest;

    public PolicyLines(ReadOnlySpan<byte> file)
    {
        _rest = file;
        if (file.Length > PolicyLimits.MaxFileBytes)
        {
            Fault = string.Create(
                CultureInfo.InvariantCulture, $"The file has {file.Length} bytes; at most {PolicyLimits.MaxFileBytes} are read.");
        }
    }

    /// <summary>The number of the line read last, counted from 1.</summary>
    public int Number { get; private set; }

    /// <summary>What is wrong with the file, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Goes to the next line that is neither empty nor a comment.</summary>
    /// <param name="words">Receives its words: at least one, at most <see cref="PolicyLimits.MaxWords"/>.</param>
    /// <returns>False at the end, and at a fault.</returns>
    public bool TryRead(List<PolicyWord> words)
    {
        words.Clear();
        while (Fault is null && !_rest.IsEmpty && words.Count == 0)
        {
            Number++;
            int end = _rest.IndexOf((byte)'\n');

            // A file that was cut off must not be read as a shorter one: "quorum g12" is not "quorum g1".
            Fault = end < 0 ? Say("does not end in LF.") : ReadLine(_rest[..end], words);
            _rest = _rest[(end + 1)..];
        }

        return Fault is null && words.Count > 0;
    }

    /// <summary>A sentence about the line read last.</summary>
    public readonly string Say(string what) => string.Create(CultureInfo.InvariantCulture, $"Line {Math.Max(Number, 1)}: {what}");

    private readonly string? ReadLine(ReadOnlySpan<byte> line, List<PolicyWord> words)
    {
        if (line.Length > PolicyLimits.MaxLineBytes)
        {
            return Say($"has {line.Length} bytes; at most {PolicyLimits.MaxLineBytes} are read.");
        }

        for (int i = 0; i < line.Length; i++)
        {
            if ((line[i] < 0x20 && line[i] != (byte)'\t') || line[i] == 0x7F)
            {
                string hint = line[i] == (byte)'\r' ? "; lines end in LF alone" : "";
                return Say($"the octet 0x{line[i]:x2} at {i + 1} is not allowed{hint}.");
            }
        }

        ReadOnlySpan<byte> rest = line.TrimStart(" \t"u8);
        if (!rest.IsEmpty && rest[0] == (byte)'#')
        {
            return null;
        }

        for (; !rest.IsEmpty; rest = rest.TrimStart(" \t"u8))
        {
            int length = rest.IndexOfAny((byte)' ', (byte)'\t') is int blank && blank >= 0 ? blank : rest.Length;
            if (length > PolicyLimits.MaxWordBytes || words.Count == PolicyLimits.MaxWords)
            {
                return Say($"more than {PolicyLimits.MaxWords} words, or one of more than {PolicyLimits.MaxWordBytes} bytes.");
            }

            words.Add(new PolicyWord(rest[..length]));
            rest = rest[length..];
        }

        return null;
    }
}
