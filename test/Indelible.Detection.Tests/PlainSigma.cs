using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Indelible.Detection.Tests;

/// <summary>Sigma rules evaluated straight from their YAML, one value after the other, as the specification reads: slow, and nothing of it shared with what it judges.</summary>
internal sealed class PlainSigma
{
    private readonly Dictionary<object, object?> _detection;
    private readonly Func<string, string> _pathOf;
    private readonly string _root;

    /// <param name="yaml">The rule.</param>
    /// <param name="pathOf">Where a field stands, names with dots between them.</param>
    /// <param name="root">Where keywords are looked for.</param>
    public PlainSigma(string yaml, Func<string, string> pathOf, string root)
    {
        var rule = (Dictionary<object, object?>)new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(yaml)!;
        (_detection, _pathOf, _root) = ((Dictionary<object, object?>)rule["detection"]!, pathOf, root);
    }

    public bool Matches(string json)
    {
        using var entry = JsonDocument.Parse(json);
        object? condition = _detection["condition"];
        return (condition is List<object?> several ? several : [condition]).Any(one => Condition((string)one!, entry.RootElement));
    }

    /// <summary>Puts truth in the place of each name, and rubs the rest out until one truth is left.</summary>
    private bool Condition(string condition, JsonElement entry)
    {
        string text = Regex.Replace(condition, @"(?i)\b(1|any|all)\s+of\s+([^\s()]+)", match =>
        {
            string pattern = match.Groups[2].Value;
            bool[] meant = [.. Names().Where(name => pattern.Equals("them", StringComparison.OrdinalIgnoreCase) ? !name.StartsWith('_') : Like(name, pattern)).Select(name => Selection(_detection[name], entry))];
            return (match.Groups[1].Value.Equals("all", StringComparison.OrdinalIgnoreCase) ? meant.All(one => one) : meant.Any(one => one)) ? " T " : " F ";
        });
        text = Regex.Replace(text, @"[^\s()]+", match => match.Value.ToLowerInvariant() switch
        {
            "and" => "&",
            "or" => "|",
            "not" => "!",
            _ => match.Value is "T" or "F" ? match.Value : Selection(_detection[match.Value], entry) ? "T" : "F",
        }).Replace(" ", "", StringComparison.Ordinal);
        for (string before = ""; before != text;)
        {
            before = text;
            text = Regex.Replace(text, @"\(([TF])\)", "$1");
            text = text.Replace("!T", "F", StringComparison.Ordinal).Replace("!F", "T", StringComparison.Ordinal);
            if (text != before)
            {
                continue;
            }

            text = Regex.Replace(text, "([TF])&([TF])", match => match.Value == "T&T" ? "T" : "F");
            if (text == before)
            {
                text = Regex.Replace(text, @"(?<=^|\(|\|)([TF])\|([TF])(?=$|\)|\|)", match => match.Value.Contains('T', StringComparison.Ordinal) ? "T" : "F");
            }
        }

        return text switch { "T" => true, "F" => false, _ => throw new FormatException($"{condition} comes to {text}.") };
    }

    private IEnumerable<string> Names() => _detection.Keys.Cast<string>().Where(name => name is not "condition");

    private static bool Like(string name, string pattern) => Regex.IsMatch(name, "^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal) + "$");

    private bool Selection(object? selection, JsonElement entry) => selection switch
    {
        Dictionary<object, object?> map => map.All(member => Member((string)member.Key, member.Value, entry)),
        List<object?> list => list.Any(item => Selection(item, entry)),
        _ => Member("", selection, entry),
    };

    private bool Member(string name, object? value, JsonElement entry)
    {
        string[] parts = name.Split('|');
        string[] modifiers = parts[1..];
        List<object?> wanted = value is List<object?> list ? list : [value];
        bool[] each = [.. wanted.Select(one => Value(parts[0], modifiers, one, entry))];
        bool holds = modifiers.Contains("all") ? each.All(one => one) : each.Any(one => one);
        return modifiers.Contains("neq") ? !holds : holds;
    }

    private bool Value(string field, string[] modifiers, object? wanted, JsonElement entry)
    {
        List<JsonElement> found = field.Length == 0 ? [.. Below(At(entry, _root))] : [.. At(entry, _pathOf(field))];
        if (modifiers.Contains("exists"))
        {
            return Convert.ToBoolean(wanted, CultureInfo.InvariantCulture) == found.Count > 0;
        }

        if (wanted is null)
        {
            return found.All(value => value.ValueKind == JsonValueKind.Null);
        }

        List<JsonElement> scalars = [.. found.SelectMany(Elements).Where(value => value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)];
        string text = wanted is bool truth ? truth ? "true" : "false" : Convert.ToString(wanted, CultureInfo.InvariantCulture)!;
        return scalars.Any(value => Fits(value, field, modifiers, text, entry));
    }

    private bool Fits(JsonElement value, string field, string[] modifiers, string wanted, JsonElement entry)
    {
        string text = Spelling(value);
        bool isCased = modifiers.Contains("cased");
        string? place = modifiers.FirstOrDefault(modifier => modifier is "contains" or "startswith" or "endswith") ?? (field.Length == 0 ? "contains" : null);
        if (modifiers.Contains("fieldref"))
        {
            StringComparison comparison = isCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            return At(entry, _pathOf(wanted)).SelectMany(Elements).Where(other => other.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)).Select(Spelling).Any(other => place switch
            {
                "contains" => text.Contains(other, comparison),
                "startswith" => text.StartsWith(other, comparison),
                "endswith" => text.EndsWith(other, comparison),
                _ => text.Equals(other, comparison),
            });
        }

        if (modifiers.FirstOrDefault(modifier => modifier is "minute" or "hour" or "day" or "week" or "month" or "year") is { } part)
        {
            return value.ValueKind == JsonValueKind.String
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
                && Compares(part switch { "minute" => time.Minute, "hour" => time.Hour, "day" => time.Day, "week" => ISOWeek.GetWeekOfYear(time.UtcDateTime), "month" => time.Month, _ => time.Year }, modifiers, wanted);
        }

        if (modifiers.Any(modifier => modifier is "lt" or "lte" or "gt" or "gte"))
        {
            return value.ValueKind is JsonValueKind.String or JsonValueKind.Number && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Compares(number, modifiers, wanted);
        }

        if (modifiers.Contains("cidr"))
        {
            return value.ValueKind == JsonValueKind.String && IPAddress.TryParse(text, out IPAddress? address) && IPNetwork.Parse(wanted).Contains(address);
        }

        if (modifiers.Contains("re"))
        {
            RegexOptions options = (modifiers.Contains("i") ? RegexOptions.IgnoreCase : 0) | (modifiers.Contains("m") ? RegexOptions.Multiline : 0) | (modifiers.Contains("s") ? RegexOptions.Singleline : 0);
            return Regex.IsMatch(text, wanted, options | RegexOptions.CultureInvariant);
        }

        return Forms(modifiers, wanted).Any(form => Like(text, form, place, isCased));
    }

    private static bool Compares(double number, string[] modifiers, string wanted)
    {
        double with = double.Parse(wanted, CultureInfo.InvariantCulture);
        return modifiers.Contains("lt") ? number < with : modifiers.Contains("lte") ? number <= with : modifiers.Contains("gt") ? number > with : modifiers.Contains("gte") ? number >= with : number == with;
    }

    private static IEnumerable<string> Forms(string[] modifiers, string wanted)
    {
        if (modifiers.Contains("base64"))
        {
            return [Convert.ToBase64String(Encoding.UTF8.GetBytes(wanted))];
        }

        if (!modifiers.Contains("windash"))
        {
            return [wanted];
        }

        List<string> forms = [wanted];
        foreach (int at in Regex.Matches(wanted, @"(?<![\w])[-/](?=[\w])").Select(match => match.Index))
        {
            forms = [.. forms.SelectMany(form => "-/–—―".Select(dash => form[..at] + dash + form[(at + 1)..]))];
        }

        return forms;
    }

    /// <summary>By the table of the specification for backslashes, and a regular expression of what is left.</summary>
    private static bool Like(string text, string wanted, string? place, bool isCased)
    {
        (text, wanted) = isCased ? (text, wanted) : (text.ToUpperInvariant(), wanted.ToUpperInvariant());
        var expression = new StringBuilder(place is "contains" or "endswith" ? "^.*" : "^");
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == '\\' && i + 1 < wanted.Length && wanted[i + 1] is '\\' or '*' or '?')
            {
                expression.Append(Regex.Escape(wanted[++i].ToString()));
            }
            else
            {
                expression.Append(wanted[i] switch { '*' => ".*", '?' => ".", _ => Regex.Escape(wanted[i].ToString()) });
            }
        }

        expression.Append(place is "contains" or "startswith" ? @".*\z" : @"\z");
        return Regex.IsMatch(text, expression.ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    private static string Spelling(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static IEnumerable<JsonElement> At(JsonElement entry, string path)
    {
        IEnumerable<JsonElement> here = [entry];
        foreach (string name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            here = [.. here.SelectMany(Elements).Where(value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out _)).Select(value => value.GetProperty(name))];
        }

        return here;
    }

    private static IEnumerable<JsonElement> Elements(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(Elements) : [value];

    private static IEnumerable<JsonElement> Below(IEnumerable<JsonElement> values) => values.SelectMany(Elements)
        .SelectMany(value => value.ValueKind == JsonValueKind.Object ? Below(value.EnumerateObject().Select(member => member.Value)) : [value]);
}
