using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>The modifiers of a field (Sigma 2.1, appendix of modifiers), read once for all of its values: what each value is made to, and what is asked then.</summary>
/// <remarks>
/// Those that change a value (<c>windash</c>, the encodings, <c>expand</c>) work in the order in which they stand; those that say how it is compared exclude each other, save where two of them
/// mean something together (<c>fieldref|startswith</c>, <c>hour|gte</c>, <c>re|i</c>). What means nothing is refused, never passed over.
/// </remarks>
internal sealed partial class ModifierChain
{
    private readonly Mark _place;
    private readonly string _field;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _placeholders;
    private readonly List<string> _changes = [];
    private TextPlace _where;
    private bool _hasWhere;
    private Kind _kind;
    private Comparison _comparison;
    private bool _isCompared;
    private TimePart _part;
    private RegexOptions _options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
    private bool _isCased;

    private ModifierChain(string field, Mark place, IReadOnlyDictionary<string, IReadOnlyList<string>> placeholders) => (_field, _place, _placeholders) = (field, place, placeholders);

    private enum Kind
    {
        Text,
        Expression,
        Network,
        Number,
        Time,
        Exists,
        Reference,
    }

    /// <summary>Whether all values have to fit, rather than one.</summary>
    public bool IsAll { get; private set; }

    /// <summary>Whether what is said is not to be so.</summary>
    public bool IsNegated { get; private set; }

    /// <summary>Reads modifiers.</summary>
    /// <exception cref="RuleFaultException">One is not known, or means nothing where it is.</exception>
    public static ModifierChain Read(string field, IEnumerable<string> modifiers, Mark place, IReadOnlyDictionary<string, IReadOnlyList<string>> placeholders)
    {
        var chain = new ModifierChain(field, place, placeholders);
        int count = 0;
        foreach (string modifier in modifiers)
        {
            if (++count > DetectionLimits.FieldModifiers)
            {
                throw chain.Fault($"A field has at most {DetectionLimits.FieldModifiers} modifiers");
            }

            chain.Add(modifier);
        }

        if (chain._isCased && chain._kind is not (Kind.Text or Kind.Reference))
        {
            throw chain.Fault("cased says nothing here: only texts are compared without regard to case");
        }

        if (field.Length == 0 && chain._kind is not (Kind.Text or Kind.Expression))
        {
            throw chain.Fault("Keywords are texts or regular expressions: this modifier needs a field");
        }

        return chain;
    }

    /// <summary>What is asked for one value: one of these tests.</summary>
    /// <param name="scalar">The value.</param>
    /// <param name="isNull">Whether it is null.</param>
    public IEnumerable<ValueTest> Tests(YamlScalarNode scalar, bool isNull)
    {
        string value = scalar.Value ?? "";
        if (value.Length > DetectionLimits.ValueCharacters)
        {
            throw new RuleFaultException(scalar.Start, $"A value has {value.Length} characters; at most {DetectionLimits.ValueCharacters} are read.");
        }

        return _kind switch
        {
            Kind.Text when isNull && _field.Length > 0 => _changes.Count == 0 && !_hasWhere ? [new NullTest()] : throw Fault("null takes no modifiers", scalar),
            _ when isNull => throw Fault("null is no value for this modifier", scalar),
            Kind.Text => Texts(scalar, value),
            Kind.Expression => [Expression(scalar, value)],
            Kind.Network => [Network(scalar, value)],
            Kind.Number => [new NumberTest(_comparison, Number(scalar, value))],
            Kind.Time => [new TimeTest(_part, _comparison, Number(scalar, value))],
            Kind.Exists => Exists(scalar, value),
            _ => value.Length > 0 ? [new ReferenceTest(value, _where, _isCased)] : throw Fault("fieldref needs the name of a field", scalar),
        };
    }

    private void Add(string modifier)
    {
        switch (modifier)
        {
            case "all":
                IsAll = true;
                break;
            case "neq":
                IsNegated = true;
                break;
            case "cased":
                _isCased = true;
                break;
            case "contains" or "startswith" or "endswith":
                Place(modifier);
                break;
            case "windash" or "expand":
                Require(_kind == Kind.Text, modifier);
                _changes.Add(modifier);
                break;
            case "base64" or "base64offset" or "utf16le" or "wide" or "utf16be" or "utf16":
                Require(_kind == Kind.Text && !_hasWhere, modifier);
                _changes.Add(modifier);
                break;
            case "re":
                Become(Kind.Expression, modifier);
                break;
            case "i" or "m" or "s":
                Require(_kind == Kind.Expression, modifier);
                _options |= modifier switch { "i" => RegexOptions.IgnoreCase, "m" => RegexOptions.Multiline, _ => RegexOptions.Singleline };
                break;
            case "cidr":
                Become(Kind.Network, modifier);
                break;
            case "exists":
                Become(Kind.Exists, modifier);
                break;
            case "fieldref":
                Require(_kind == Kind.Text && _changes.Count == 0, modifier);
                _kind = Kind.Reference;
                break;
            case "lt" or "lte" or "gt" or "gte":
                Require(_kind is Kind.Time || (_kind is Kind.Text && _changes.Count == 0 && !_hasWhere), modifier);
                Require(!_isCompared, modifier);
                _kind = _kind == Kind.Time ? Kind.Time : Kind.Number;
                _isCompared = true;
                _comparison = modifier switch { "lt" => Comparison.Less, "lte" => Comparison.LessOrEqual, "gt" => Comparison.Greater, _ => Comparison.GreaterOrEqual };
                break;
            case "minute" or "hour" or "day" or "week" or "month" or "year":
                Become(Kind.Time, modifier);
                _part = Enum.Parse<TimePart>(modifier, ignoreCase: true);
                break;
            default:
                throw Fault($"There is no modifier {modifier} in Sigma 2.1");
        }
    }

    private void Place(string modifier)
    {
        Require(_kind is Kind.Text or Kind.Reference && !_hasWhere, modifier);
        _hasWhere = true;
        _where = modifier switch { "contains" => TextPlace.Anywhere, "startswith" => TextPlace.Start, _ => TextPlace.End };
    }

    private void Become(Kind kind, string modifier)
    {
        Require(_kind == Kind.Text && _changes.Count == 0 && !_hasWhere, modifier);
        _kind = kind;
    }

    private void Require(bool isRight, string modifier)
    {
        if (!isRight)
        {
            throw Fault($"The modifier {modifier} means nothing behind the ones before it");
        }
    }

    private IEnumerable<ValueTest> Texts(YamlScalarNode scalar, string value)
    {
        // A keyword may stand anywhere; the fields of an event are its text.
        TextPlace where = _field.Length == 0 ? TextPlace.Anywhere : _where;
        IEnumerable<TextPattern> patterns = _changes.Contains("expand") ? Expanded(scalar, value) : [TextPattern.Parse(value)];
        foreach (string change in _changes)
        {
            patterns = change switch
            {
                "expand" => patterns,
                "windash" => patterns.SelectMany(pattern => Windash(scalar, pattern)),
                _ => patterns.SelectMany(pattern => Encoded(scalar, pattern, change)),
            };
        }

        foreach (TextPattern pattern in patterns)
        {
            if (pattern.Ones > DetectionLimits.AnyOnes)
            {
                throw Fault($"A value has more than {DetectionLimits.AnyOnes} question marks", scalar);
            }

            yield return new TextTest(pattern.At(where), _isCased);
        }
    }

    private IEnumerable<TextPattern> Expanded(YamlScalarNode scalar, string value)
    {
        List<string> forms = [""];
        int at = 0;
        foreach (Match match in Placeholder().Matches(value))
        {
            string before = value[at..match.Index];
            string name = match.Groups[1].Value;
            if (!_placeholders.TryGetValue(name, out IReadOnlyList<string>? values) || values.Count == 0)
            {
                throw Fault($"The placeholder %{name}% has no values here", scalar);
            }

            if ((long)forms.Count * values.Count > DetectionLimits.RuleValues)
            {
                throw Fault($"The placeholders make more than {DetectionLimits.RuleValues} values", scalar);
            }

            long characters = forms.Sum(form => (long)form.Length + before.Length) * values.Count + (forms.Count * values.Sum(one => (long)one.Length));
            if (characters > DetectionLimits.RuleCharacters)
            {
                throw Fault($"The placeholders make values of more than {DetectionLimits.RuleCharacters} characters together", scalar);
            }

            forms = [.. forms.SelectMany(form => values.Select(one => form + before + one))];

            at = match.Index + match.Length;
        }

        return forms.Select(form => TextPattern.Parse((form + value[at..]).Replace("\\%", "%", StringComparison.Ordinal)));
    }

    private static IEnumerable<TextPattern> Windash(YamlScalarNode scalar, TextPattern pattern)
    {
        // A dash or stroke that begins a word, as pySigma has it: behind something that is no part of one, before something that is.
        const string Dashes = "-/–—―";
        int[] parts = [.. pattern.Parts];
        int[] places = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] is '-' or '/' && !IsWord(parts, i - 1) && IsWord(parts, i + 1))];
        if (Math.Pow(Dashes.Length, places.Length) > DetectionLimits.WindashForms)
        {
            throw Fault($"windash makes more than {DetectionLimits.WindashForms} values of this one", scalar);
        }

        IEnumerable<TextPattern> forms = [pattern];
        foreach (int place in places)
        {
            forms = forms.SelectMany(form => Dashes.Select(dash => form.With(place, dash)));
        }

        return forms;
    }

    private static bool IsWord(int[] parts, int at) => at >= 0 && at < parts.Length && parts[at] >= 0 && (Rune.IsLetterOrDigit(new Rune(parts[at])) || parts[at] == '_');

    private IEnumerable<TextPattern> Encoded(YamlScalarNode scalar, TextPattern pattern, string change)
    {
        string text = pattern.Literal ?? throw Fault($"A value with wildcards cannot be put through {change}", scalar);
        if (text.Length > DetectionLimits.RuleCharacters)
        {
            throw Fault($"The encodings make more than {DetectionLimits.RuleCharacters} characters of this value", scalar);
        }

        int at = _changes.IndexOf(change);
        bool isOfBytes = at > 0 && _changes[at - 1] is "utf16le" or "wide" or "utf16be" or "utf16";
        byte[] bytes = isOfBytes ? Encoding.Latin1.GetBytes(text) : Encoding.UTF8.GetBytes(text);
        if (change == "base64offset" && bytes.Length < 2)
        {
            // Of one byte nothing stays the same, and nothing stands everywhere.
            throw Fault("base64offset needs a value of two characters at least", scalar);
        }

        return change switch
        {
            "base64" => [TextPattern.Of(Convert.ToBase64String(bytes))],
            "base64offset" => Enumerable.Range(0, 3).Select(offset => TextPattern.Of(Offset(bytes, offset))),
            "utf16be" => [TextPattern.Of(Encoding.Latin1.GetString(Encoding.BigEndianUnicode.GetBytes(text)))],
            "utf16" => [TextPattern.Of(Encoding.Latin1.GetString([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]))],
            _ => [TextPattern.Of(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(text)))],
        };
    }

    /// <summary>What stays the same in Base64 of bytes that begin so many bytes into a group of three, whatever stands around them.</summary>
    private static string Offset(byte[] bytes, int offset)
    {
        string encoded = Convert.ToBase64String([.. new byte[offset], .. bytes]);
        int start = offset switch { 0 => 0, 1 => 2, _ => 3 };
        int cut = ((bytes.Length + offset) % 3) switch { 0 => 0, 1 => 3, _ => 2 };
        return encoded[start..^cut];
    }

    private RegexTest Expression(YamlScalarNode scalar, string value)
    {
        if (value.Length > DetectionLimits.PatternCharacters)
        {
            throw Fault($"A regular expression has {value.Length} characters; at most {DetectionLimits.PatternCharacters} are read", scalar);
        }

        try
        {
            _ = new Regex(value, _options);
            return new RegexTest(value, _options);
        }
        catch (NotSupportedException)
        {
            throw Fault("Look-around and back-references are no part of Sigma's regular expressions, and take time without bound", scalar);
        }
        catch (ArgumentException e)
        {
            throw Fault($"This is no regular expression: {e.Message.TrimEnd('.')}", scalar);
        }
    }

    private static NetworkTest Network(YamlScalarNode scalar, string value)
    {
        if (IPNetwork.TryParse(value, out IPNetwork network))
        {
            return new NetworkTest(network);
        }

        return IPAddress.TryParse(value, out IPAddress? address)
            ? new NetworkTest(new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
            : throw Fault($"{value} is no network as 10.0.0.0/8 or 2001:db8::/32", scalar);
    }

    private static double Number(YamlScalarNode scalar, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Fault($"{value} is no number", scalar);

    private IEnumerable<ValueTest> Exists(YamlScalarNode scalar, string value)
    {
        bool isThere = bool.TryParse(value, out bool parsed) ? parsed : throw Fault("exists takes true or false", scalar);
        IsNegated ^= !isThere;
        return [new ExistsTest()];
    }

    private RuleFaultException Fault(string reason) => new(_place, reason + ".");

    private static RuleFaultException Fault(string reason, YamlScalarNode scalar) => new(scalar.Start, reason + ".");

    [GeneratedRegex(@"(?<!\\)%([^%\\\s]+)%", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
