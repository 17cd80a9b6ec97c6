using System.Globalization;
using System.Text;
using Indelible.Notes;
using Indelible.Policies;
using Xunit;
using static Indelible.Tests.Policies.PolicyKeys;

namespace Indelible.Tests.Policies;

public sealed class TlogPolicyTests
{
    [Fact]
    public void Every_kind_of_line_is_read_with_blanks_and_comments_between()
    {
        TlogPolicy policy = Policy($"""
            # who may speak
              # also a comment

             	log {Log.VerifierKey} 	 https://audit.example/logs/main{"\t "}
            witness w1 {Vkey(1)} https://witness.example/submit#here
            witness w2 {Vkey(2)}
            witness w3 {Vkey(3)}
            group two 2 w1 w2
            group top all two w3
            quorum top

            """);
        PolicyLog log = Assert.Single(policy.Logs);
        Assert.Equal(Log.VerifierKey, log.Key);
        Assert.Equal("https://audit.example/logs/main", log.Url!.ToString());
        Assert.Equal(["w1", "w2", "w3"], policy.Witnesses.Select(witness => witness.Name.ToString()));
        Assert.Equal("https://witness.example/submit#here", policy.Witnesses[0].Url!.ToString());
        Assert.Null(policy.Witnesses[1].Url);
        Assert.Equal(Witness(3).VerifierKey, policy.Witnesses[2].Key);
        Assert.Equal([2, 2], policy.Groups.Select(group => group.Threshold));
        Assert.Equal(["two", "w3"], policy.Groups[1].Members.Select(member => member.ToString()));
        Assert.Equal("top", policy.Quorum.ToString());
    }

    [Fact]
    public void A_policy_may_have_no_log_and_no_witness()
    {
        Assert.True(TlogPolicy.TryParse("quorum none\n"u8, out TlogPolicy? policy, out string? fault));
        Assert.Null(fault);
        Assert.Equal(PolicyWord.None, policy.Quorum);
        Assert.Empty(policy.Logs);
        Assert.Equal(Log.VerifierKey, Assert.Single(policy.WithLog(Log.VerifierKey).Logs).Key);
        Assert.Throws<ArgumentException>(() => policy.WithLog(Log.VerifierKey).WithLog(Log.VerifierKey));
        Assert.Throws<ArgumentException>(() => policy.WithLog(Witness(1).VerifierKey));
        Assert.Throws<ArgumentNullException>("key", () => policy.WithLog(null!));
    }

    [Theory]
    [InlineData("all", 3)]
    [InlineData("any", 1)]
    [InlineData("1", 1)]
    [InlineData("2", 2)]
    [InlineData("3", 3)]
    public void A_threshold_is_all_any_or_a_decimal(string threshold, int needed)
    {
        TlogPolicy policy = Policy(WitnessLine(1) + WitnessLine(2) + WitnessLine(3) + $"group g {threshold} w1 w2 w3\nquorum g\n");
        Assert.Equal(needed, policy.Groups[0].Threshold);
    }

    [Fact]
    public void The_words_of_thresholds_may_be_names_because_their_place_tells_them_apart()
    {
        TlogPolicy policy = Policy($"witness all {Vkey(1)}\nwitness 2 {Vkey(2)}\nwitness quorum {Vkey(3)}\ngroup any any all 2 quorum\nquorum any\n");
        Assert.Equal("any", policy.Quorum.ToString());
        Assert.Equal(policy, TlogPolicy.Parse(policy.Format()));
    }

    [Fact]
    public void Lines_after_the_quorum_are_read_too()
    {
        TlogPolicy policy = Policy(WitnessLine(1) + "quorum w1\n" + LogLine + WitnessLine(2) + "group g any w1 w2\n");
        Assert.Single(policy.Logs);
        Assert.Single(policy.Groups);
    }

    // L, A, B and C stand for vkeys: of a log and of three witnesses. Lines are divided by |.
    [Theory]
    [InlineData("", 1, "without a quorum")]
    [InlineData("# nothing|", 1, "without a quorum")]
    [InlineData("log L|witness a A|", 2, "without a quorum")]
    [InlineData("quorum none|quorum none|", 2, "second quorum")]
    [InlineData("witness a A|quorum none|# x|quorum a|", 4, "second quorum")]
    [InlineData("quorum a|witness a A|", 1, "earlier line")]
    [InlineData("quorum b|", 1, "earlier line")]
    [InlineData("quorum|", 1, "expected: quorum")]
    [InlineData("quorum none none|", 1, "expected: quorum")]
    [InlineData("quorum none # the end|", 1, "expected: quorum")]
    [InlineData("quorum None|", 1, "earlier line")]
    [InlineData("quorum none", 1, "does not end in LF")]
    [InlineData("quorum none|log L", 2, "does not end in LF")]
    [InlineData("Quorum none|", 1, "none of log, witness, group and quorum")]
    [InlineData("|logs L|quorum none|", 2, "none of log, witness, group and quorum")]
    [InlineData("log|quorum none|", 1, "expected: log")]
    [InlineData("log L url more|quorum none|", 1, "expected: log")]
    [InlineData("log nonsense|quorum none|", 1, "not a vkey")]
    [InlineData("log A|quorum none|", 1, "a log's key")]
    [InlineData("log L|log L|quorum none|", 2, "already")]
    [InlineData("log L|log M url|quorum none|", 2, "already")]
    [InlineData("witness a|quorum none|", 1, "expected: witness")]
    [InlineData("witness a A url more|quorum none|", 1, "expected: witness")]
    [InlineData("witness a nonsense|quorum none|", 1, "not a vkey")]
    [InlineData("witness a L|quorum none|", 1, "a witness's key")]
    [InlineData("witness a A|witness b A|quorum none|", 2, "already")]
    [InlineData("witness a A|witness b D|quorum none|", 2, "that of the witness 'a' already")]
    [InlineData("witness a A|witness a B|quorum none|", 2, "taken already")]
    [InlineData("witness none A|quorum none|", 1, "asks for nobody")]
    [InlineData("witness a A|group a any a|quorum none|", 2, "taken already")]
    [InlineData("witness a A|group none any a|quorum none|", 2, "asks for nobody")]
    [InlineData("witness a A|group g any a|witness g B|quorum none|", 3, "taken already")]
    [InlineData("witness a A|group g any a|witness b B|group g any b|quorum none|", 4, "taken already")]
    [InlineData("group g all|quorum g|", 1, "at least one member")]
    [InlineData("group g|quorum g|", 1, "at least one member")]
    [InlineData("group g any none|quorum g|", 1, "no witness or group of an earlier line")]
    [InlineData("group g any g|quorum g|", 1, "no witness or group of an earlier line")]
    [InlineData("group g any a|witness a A|quorum g|", 1, "no witness or group of an earlier line")]
    [InlineData("witness a A|group g any h|group h any a|quorum g|", 2, "no witness or group of an earlier line")]
    [InlineData("witness a A|group g all a a|quorum g|", 2, "once in the whole file")]
    [InlineData("witness a A|witness b B|group g any a b|group h any a|quorum g|", 4, "once in the whole file")]
    [InlineData("witness a A|group g any a|group h any g|group i any g|quorum i|", 4, "once in the whole file")]
    [InlineData("witness a A|group g 0 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 2 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g -1 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g +1 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 01 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 0x1 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g ALL a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 1.0 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 4294967297 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g 99999999999999999999 a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("witness a A|group g ١ a|quorum g|", 2, "a decimal from 1 to 1")]
    [InlineData("quorum none\r|", 1, "0x0d at 12 is not allowed; lines end in LF alone")]
    [InlineData("quorum none|# comment\r|", 2, "0x0d")]
    [InlineData("quorum none|\u0000|", 2, "0x00 at 1 is not allowed.")]
    [InlineData("quorum none|# \u001b[2J|", 2, "0x1b")]
    [InlineData("quorum none|#\u007f|", 2, "0x7f")]
    [InlineData("quorum\u000bnone|", 1, "0x0b")]
    [InlineData("quorum\u00a0none|", 1, "none of log, witness, group and quorum")]
    [InlineData("\ufeffquorum none|", 1, "\\xef\\xbb\\xbfquorum")]
    public void What_breaks_a_rule_is_refused_with_its_line(string lines, int line, string what)
    {
        byte[] file = Encoding.UTF8.GetBytes(string.Join(' ', lines.Replace('|', '\n').Split(' ').Select(Replace)));
        Assert.False(TlogPolicy.TryParse(file, out _));
        Assert.False(TlogPolicy.TryParse(file, out TlogPolicy? policy, out string? fault));
        Assert.Null(policy);
        Assert.StartsWith($"Line {line}: ", fault, StringComparison.Ordinal);
        TlogFormatException refused = Assert.Throws<TlogFormatException>(() => TlogPolicy.Parse(file));
        Assert.EndsWith(fault, refused.Message, StringComparison.Ordinal);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);

        static string Replace(string word)
        {
            string name = word.Split('\n')[0];
            string? vkey = name switch
            {
                "L" => Log.VerifierKey.ToString(),
                "M" => new VerifierKey("other.example/log", VerifierKey.Ed25519, Log.VerifierKey.PublicKey).ToString(),
                "A" => Vkey(1),
                "B" => Vkey(2),
                "D" => new VerifierKey("other.example/w", VerifierKey.Cosignature, Witness(1).VerifierKey.PublicKey).ToString(),
                _ => null,
            };
            return vkey is null ? word : vkey + word[1..];
        }
    }

    [Fact]
    public void A_vkey_whose_id_does_not_follow_from_its_key_is_refused()
    {
        string vkey = Log.VerifierKey.ToString();
        string id = Log.KeyId.ToString("x8", CultureInfo.InvariantCulture);
        RefusedAt(1, $"log {vkey.Replace(id, "00000000", StringComparison.Ordinal)}\nquorum none\n");
        RefusedAt(1, $"log {vkey.Replace(id, id.ToUpperInvariant() + "A", StringComparison.Ordinal)}\nquorum none\n");
    }

    [Fact]
    public void Keys_of_a_wrong_size_or_of_other_types_are_refused()
    {
        foreach (byte type in new byte[] { 0x00, 0x02, 0x03, 0x04, 0x05, 0xFA, 0xFF })
        {
            RefusedAt(2, $"\nlog {new VerifierKey("k", type, new byte[32])}\nquorum none\n", $" of type 0x{type:x2} with 32 bytes has not the type and size");
        }

        foreach (byte type in new byte[] { 0x00, 0x01, 0x02, 0x03, 0x05, 0xFA, 0xFF })
        {
            RefusedAt(2, $"\nwitness w {new VerifierKey("k", type, new byte[32])}\nquorum none\n");
        }

        RefusedAt(1, $"log {new VerifierKey("k", 0x01, new byte[31])}\nquorum none\n");
        RefusedAt(1, $"log {new VerifierKey("k", 0x06, new byte[32])}\nquorum none\n");
        RefusedAt(1, $"witness w {new VerifierKey("k", 0x04, new byte[33])}\nquorum none\n");
        RefusedAt(1, $"witness w {new VerifierKey("k", 0x06, new byte[1311])}\nquorum none\n");
        Assert.Single(Policy($"log {new VerifierKey("k", 0x06, new byte[1312])}\nquorum none\n").Logs);
        Assert.Single(Policy($"witness w {new VerifierKey("k", 0x06, new byte[1312])}\nquorum none\n").Witnesses);
    }

    [Fact]
    public void A_word_that_is_no_vkey_is_shown_to_300_characters()
    {
        RefusedAt(1, $"log {new string('k', 300)}\nquorum none\n", $"'{new string('k', 300)}' is not a vkey");
        RefusedAt(1, $"log {new string('k', 300)}more\nquorum none\n", $"'{new string('k', 300)}…' is not a vkey");
    }

    [Fact]
    public void A_log_and_a_witness_may_be_one_key()
    {
        var asWitness = new VerifierKey("w", VerifierKey.Cosignature, Log.VerifierKey.PublicKey);
        Assert.Single(Policy(LogLine + $"witness w {asWitness}\nquorum w\n").Witnesses);
    }

    [Fact]
    public void Names_are_octets_and_need_not_be_utf8()
    {
        byte[] file = [.. "witness "u8, 0xFF, 0xFE, .. Encoding.UTF8.GetBytes($" {Vkey(1)} "), 0x80, .. "\nquorum "u8, 0xFF, 0xFE, (byte)'\n'];
        TlogPolicy policy = TlogPolicy.Parse(file);
        Assert.Equal([0xFF, 0xFE], policy.Quorum.ToBytes());
        Assert.Equal("\\xff\\xfe", policy.Quorum.ToString());
        Assert.Equal(file, policy.Format());

        // K and the Kelvin sign, and the two spellings of é, are different names.
        Assert.Equal(4, Policy($"witness K {Vkey(1)}\nwitness \u212A {Vkey(2)}\nwitness \u00e9 {Vkey(3)}\nwitness e\u0301 {Vkey(4)}\nquorum none\n").Witnesses.Count);
        RefusedAt(2, $"witness K {Vkey(1)}\nquorum \u212A\n");
    }

    [Fact]
    public void Words_that_could_deceive_a_reader_are_shown_by_their_octets()
    {
        Assert.Equal("a\\xe2\\x80\\xaeb", PolicyWord.Of("a\u202eb").ToString());
        Assert.Equal("\\xc2\\x9b", PolicyWord.Of("\u009b").ToString());
        Assert.Equal("\\xe2\\x80\\xa8", PolicyWord.Of("\u2028").ToString());
        Assert.Equal("\\xe2\\x80\\xa9", PolicyWord.Of("\u2029").ToString());
        Assert.Equal("\\xee\\x80\\x80", PolicyWord.Of("\uE000").ToString());
        Assert.Equal("\\xcd\\xb8", PolicyWord.Of("\u0378").ToString());
        Assert.Equal("\\xed\\xa0\\x80", new PolicyWord([0xED, 0xA0, 0x80]).ToString());
        Assert.Equal("né", PolicyWord.Of("né").ToString());
        Assert.Equal("\\xc3(", new PolicyWord([0xC3, (byte)'(']).ToString());
        foreach (string none in new[] { "", " ", "a b", "a\tb", "a\n", "\u007f", new string('a', PolicyLimits.MaxWordBytes + 1) })
        {
            Assert.Throws<ArgumentException>(() => PolicyWord.Of(none));
        }
    }

    [Fact]
    public void Each_limit_is_reached_and_not_passed()
    {
        string Witnesses(int count) => string.Concat(Enumerable.Range(0, count).Select(WitnessLine));
        string Logs(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"log {new VerifierKey("l", 1, Seed(i))}\n"));
        string Groups(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"group g{i} any w{i}\n"));
        Assert.True(PolicyLimits.MaxLogs >= 32 && PolicyLimits.MaxWitnesses >= 32 && PolicyLimits.MaxGroups >= 32);

        string all = Witnesses(PolicyLimits.MaxWitnesses) + Groups(PolicyLimits.MaxGroups) + Logs(PolicyLimits.MaxLogs);
        TlogPolicy policy = Policy(all + "quorum g0\n");
        Assert.Equal((PolicyLimits.MaxLogs, PolicyLimits.MaxWitnesses, PolicyLimits.MaxGroups), (policy.Logs.Count, policy.Witnesses.Count, policy.Groups.Count));
        RefusedAt(PolicyLimits.MaxLogs + 1, Logs(PolicyLimits.MaxLogs + 1) + "quorum none\n", "there are more than 100 logs.");
        RefusedAt(PolicyLimits.MaxWitnesses + 1, Witnesses(PolicyLimits.MaxWitnesses + 1) + "quorum none\n", "there are more than 100 witnesses.");
        RefusedAt(301, all + "group more any g0\nquorum none\n", "there are more than 100 groups.");

        string name = new('n', PolicyLimits.MaxNameBytes);
        Assert.Equal(name, Policy($"witness {name} {Vkey(1)}\nquorum {name}\n").Quorum.ToString());
        RefusedAt(1, $"witness {name}n {Vkey(1)}\nquorum none\n", "a name has 256 bytes; at most 255 are read.");
        RefusedAt(2, WitnessLine(1) + $"group {name}n any w1\nquorum none\n");

        string url = new('u', PolicyLimits.MaxUrlBytes);
        Assert.Equal(PolicyLimits.MaxUrlBytes, Policy($"log {Log.VerifierKey} {url}\nquorum none\n").Logs[0].Url!.Length);
        RefusedAt(1, $"log {Log.VerifierKey} {url}u\nquorum none\n", "a URL has 2049 bytes; at most 2048 are read.");
        RefusedAt(1, $"witness w {Vkey(1)} {url}u\nquorum none\n");

        RefusedAt(1, new string('w', PolicyLimits.MaxWordBytes + 1) + "\nquorum none\n", "more than 203 words, or one of more than 4096 bytes.");
        RefusedAt(1, new string('w', PolicyLimits.MaxWordBytes) + "\nquorum none\n", "is none of log, witness, group and quorum.");
        RefusedAt(1, string.Concat(Enumerable.Repeat("w ", PolicyLimits.MaxWords + 1)) + "\nquorum none\n", "more than 203 words");
        RefusedAt(1, string.Concat(Enumerable.Repeat("w ", PolicyLimits.MaxWords)) + "\nquorum none\n", "is none of log, witness, group and quorum.");
        Assert.NotNull(Policy($"#{new string('c', PolicyLimits.MaxLineBytes - 1)}\nquorum none\n"));
        RefusedAt(1, $"#{new string('c', PolicyLimits.MaxLineBytes)}\nquorum none\n", "has 65537 bytes; at most 65536 are read.");

        const string Last = "quorum none\n";
        Assert.NotNull(Policy(new string('\n', PolicyLimits.MaxFileBytes - Last.Length) + Last));
        Assert.Contains(
            $"at most {PolicyLimits.MaxFileBytes}",
            Assert.Throws<TlogFormatException>(() => Policy(new string('\n', PolicyLimits.MaxFileBytes - Last.Length + 1) + Last)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_formatted_policy_parses_to_an_equal_one()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            byte[] file = RandomFile(random);
            TlogPolicy policy = TlogPolicy.Parse(file);
            byte[] formatted = policy.Format();
            TlogPolicy again = TlogPolicy.Parse(formatted);
            Assert.True(policy.Equals(again), $"seed {seed}");
            Assert.Equal(policy.GetHashCode(), again.GetHashCode());
            Assert.True(formatted.AsSpan().SequenceEqual(again.Format()), $"seed {seed}");
        }
    }

    [Fact]
    public void Policies_that_differ_anywhere_are_not_equal()
    {
        string[] files =
        [
            "quorum none\n",
            LogLine + "quorum none\n",
            $"log {Log.VerifierKey} url\nquorum none\n",
            WitnessLine(1) + "quorum none\n",
            WitnessLine(1) + "quorum w1\n",
            WitnessLine(2) + "quorum none\n",
            $"witness w1 {Vkey(1)} url\nquorum none\n",
            $"witness w {Vkey(1)}\nquorum none\n",
            WitnessLine(1) + WitnessLine(2) + "group g all w1 w2\nquorum g\n",
            WitnessLine(1) + WitnessLine(2) + "group g any w1 w2\nquorum g\n",
            WitnessLine(1) + WitnessLine(2) + "group g any w1\nquorum g\n",
            WitnessLine(1) + WitnessLine(2) + "group h all w1 w2\nquorum h\n",
        ];
        Assert.Equal(files.Length, files.Select(Policy).Distinct().Count());
        Assert.Equal(Policy(files[^1]), Policy("# comment\n\n" + files[^1].Replace("all", " 2\t", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_file_with_any_octet_altered_is_refused_or_read_to_something_that_reads_back()
    {
        byte[] file = Encoding.UTF8.GetBytes(LogLine + WitnessLine(1) + WitnessLine(2) + "group g 2 w1 w2\nquorum g\n");
        for (int i = 0; i < file.Length; i++)
        {
            foreach (byte octet in new byte[] { 0x00, 0x0A, 0x0D, 0x20, 0x23, 0x2B, 0x30, 0x7F, 0x80, 0xFF, (byte)(file[i] ^ 1), (byte)(file[i] ^ 0x20) })
            {
                byte[] altered = [.. file];
                altered[i] = octet;
                if (TlogPolicy.TryParse(altered, out TlogPolicy? policy))
                {
                    Assert.Equal(policy, TlogPolicy.Parse(policy.Format()));
                }
            }

            // Cut off anywhere it is refused, because the quorum stands last and its line ends in LF.
            Assert.False(TlogPolicy.TryParse(file.AsSpan(0, i), out _));
        }
    }

    private static void RefusedAt(int line, string file, string what = "")
    {
        string message = Assert.Throws<TlogFormatException>(() => Policy(file)).Message;
        Assert.Contains($"Line {line}: ", message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    private static byte[] RandomFile(Random random)
    {
        var lines = new List<string>();
        var free = new List<string>();
        int logs = random.Next(4);
        for (int i = 0; i < logs; i++)
        {
            lines.Add($"log {RandomKey(random, random.Next(4) == 0 ? VerifierKey.MlDsa44 : VerifierKey.Ed25519)}{RandomUrl(random)}");
        }

        var names = new List<string>();
        int witnesses = random.Next(1, 8);
        for (int i = 0; i < witnesses; i++)
        {
            names.Add($"w{i}é{random.Next()}");
            lines.Add($"witness {names[^1]} {RandomKey(random, random.Next(4) == 0 ? VerifierKey.MlDsa44 : VerifierKey.Cosignature)}{RandomUrl(random)}");
        }

        free.AddRange(names);
        while (free.Count > 0 && random.Next(4) != 0)
        {
            string[] members = [.. free.OrderBy(_ => random.Next()).Take(random.Next(1, free.Count + 1))];
            free.RemoveAll(members.Contains);
            string threshold = random.Next(3) switch { 0 => "all", 1 => "any", _ => random.Next(1, members.Length + 1).ToString(CultureInfo.InvariantCulture) };
            names.Add($"g{names.Count}");
            free.Add(names[^1]);
            lines.Add($"group {names[^1]} {threshold} {string.Join(RandomBlank(random), members)}");
        }

        lines.Add($"quorum {(random.Next(4) == 0 ? "none" : names[random.Next(names.Count)])}");
        var file = new StringBuilder();
        foreach (string line in lines)
        {
            file.Append(random.Next(3) == 0 ? "\n" : "").Append(random.Next(3) == 0 ? " # café: quorum none\n" : "");
            file.Append(random.Next(3) == 0 ? RandomBlank(random) : "").Append(line).Append(random.Next(3) == 0 ? RandomBlank(random) : "").Append('\n');
        }

        return Encoding.UTF8.GetBytes(file.ToString());
    }

    private static VerifierKey RandomKey(Random random, byte type)
    {
        byte[] bytes = new byte[type == VerifierKey.MlDsa44 ? 1312 : 32];
        random.NextBytes(bytes);
        return new VerifierKey($"key{random.Next(3)}.example/ü", type, bytes);
    }

    private static string RandomUrl(Random random) => random.Next(2) == 0 ? "" : $"{RandomBlank(random)}https://{random.Next()}.example/#?+é";

    private static string RandomBlank(Random random) => random.Next(3) switch { 0 => " ", 1 => "\t", _ => " \t  " };
}
