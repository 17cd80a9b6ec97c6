using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Server.Tests.Export;

/// <summary>Holds events to a published OCSF schema: a folder of it (github.com/ocsf/ocsf-schema) that somebody has at hand.</summary>
/// <remarks>Attributes and their types, what is required, constraints, enumerations, profiles, what is deprecated. Of the schema's extensions nothing.</remarks>
internal sealed class OcsfSchema
{
    private readonly string _folder;
    private readonly JsonObject _dictionary;
    private readonly HashSet<string> _scalars;
    private readonly Dictionary<int, JsonObject> _classes = [];
    private readonly Dictionary<string, JsonObject> _objects = [];
    private readonly Dictionary<string, JsonObject> _events = [];

    public OcsfSchema(string folder)
    {
        _folder = folder;
        JsonObject dictionary = Load("dictionary.json");
        _dictionary = dictionary["attributes"]!.AsObject();
        _scalars = [.. dictionary["types"]!["attributes"]!.AsObject().Select(type => type.Key)];
        JsonObject categories = Load("categories.json")["attributes"]!.AsObject();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "events"), "*.json", SearchOption.AllDirectories))
        {
            JsonObject definition = Load(Path.GetRelativePath(folder, file));
            _events[definition["name"]!.GetValue<string>()] = definition;
        }

        foreach (JsonObject definition in _events.Values.Where(definition => definition["uid"] is not null))
        {
            string category = Chain(definition, _events).Select(one => one["category"]).First(one => one is not null)!.GetValue<string>();
            _classes[(categories[category]!["uid"]!.GetValue<int>() * 1000) + definition["uid"]!.GetValue<int>()] = definition;
        }

        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "objects"), "*.json"))
        {
            JsonObject definition = Load(Path.GetRelativePath(folder, file));
            _objects[definition["name"]!.GetValue<string>()] = definition;
        }
    }

    /// <summary>What is wrong with an event.</summary>
    public IReadOnlyList<string> Check(JsonElement item)
    {
        var faults = new List<string>();
        HashSet<string> profiles = [.. item.GetProperty("metadata").GetProperty("profiles").EnumerateArray().Select(profile => profile.GetString()!)];
        Check(item, Chain(_classes[item.GetProperty("class_uid").GetInt32()], _events), profiles, "", faults);
        return faults;
    }

    private static List<JsonObject> Chain(JsonObject definition, Dictionary<string, JsonObject> all)
    {
        var chain = new List<JsonObject> { definition };
        while (chain[^1]["extends"]?.GetValue<string>() is { } parent)
        {
            chain.Add(all[parent]);
        }

        return chain;
    }

    private void Check(JsonElement value, List<JsonObject> chain, HashSet<string> profiles, string at, List<string> faults)
    {
        Dictionary<string, (List<JsonObject> Definitions, string? Profile)> attributes = AttributesOf(chain);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string place = $"{at}/{member.Name}";
            if (!attributes.TryGetValue(member.Name, out (List<JsonObject> Definitions, string? Profile) attribute))
            {
                faults.Add($"{place} is unknown");
                continue;
            }

            if (attribute.Profile is { } profile && !profiles.Contains(profile))
            {
                faults.Add($"{place} needs the profile {profile}");
            }

            CheckAttribute(member.Value, member.Name, attribute.Definitions, profiles, place, faults);
        }

        foreach ((string name, (List<JsonObject> definitions, string? profile)) in attributes)
        {
            string? requirement = definitions.Select(one => one["requirement"]).FirstOrDefault(one => one is not null)?.GetValue<string>();
            if (requirement == "required" && (profile is null || profiles.Contains(profile)) && !value.TryGetProperty(name, out _))
            {
                faults.Add($"{at}/{name} is missing");
            }
        }

        JsonNode? constraints = chain.Select(one => one["constraints"]).FirstOrDefault(one => one is not null);
        foreach ((string kind, JsonNode? names) in constraints?.AsObject() ?? [])
        {
            int found = names!.AsArray().Count(name => value.TryGetProperty(name!.GetValue<string>(), out _));
            if (found == 0 || (kind == "just_one" && found > 1))
            {
                faults.Add($"{at} has {found} of {kind} {names!.ToJsonString()}");
            }
        }
    }

    /// <summary>The attributes, each with its definitions, the most special first, and the profile that it is of.</summary>
    private Dictionary<string, (List<JsonObject> Definitions, string? Profile)> AttributesOf(List<JsonObject> chain)
    {
        var all = new Dictionary<string, (List<JsonObject> Definitions, string? Profile)>();
        void Add(string name, JsonObject definition, string? profile)
        {
            if (!all.TryGetValue(name, out (List<JsonObject> Definitions, string? Profile) known))
            {
                all[name] = known = ([], profile);
            }

            known.Definitions.Add(definition);
        }

        foreach (JsonObject definition in chain)
        {
            JsonObject attributes = definition["attributes"]?.AsObject() ?? [];
            foreach ((string name, JsonNode? attribute) in attributes.Where(attribute => attribute.Key[0] != '$'))
            {
                Add(name, attribute!.AsObject(), null);
            }

            foreach (JsonNode? include in attributes["$include"]?.AsArray() ?? [])
            {
                JsonObject profile = Load(include!.GetValue<string>());
                foreach ((string name, JsonNode? attribute) in profile["attributes"]!.AsObject().Where(attribute => attribute.Key[0] != '$'))
                {
                    Add(name, attribute!.AsObject(), profile["name"]!.GetValue<string>());
                }
            }
        }

        return all;
    }

    private void CheckAttribute(JsonElement value, string name, List<JsonObject> definitions, HashSet<string> profiles, string place, List<string> faults)
    {
        JsonObject word = _dictionary[name]!.AsObject();
        if (definitions[0].ContainsKey("@deprecated") || word.ContainsKey("@deprecated"))
        {
            faults.Add($"{place} is deprecated");
        }

        bool isArray = word["is_array"]?.GetValue<bool>() == true;
        if (isArray != (value.ValueKind == JsonValueKind.Array))
        {
            faults.Add($"{place} is {(isArray ? "no" : "a")} list");
            return;
        }

        foreach (JsonElement one in isArray ? [.. value.EnumerateArray()] : new[] { value })
        {
            string type = definitions.Select(definition => definition["type"]).FirstOrDefault(found => found is not null)?.GetValue<string>() ?? word["type"]!.GetValue<string>();
            if (_scalars.Contains(type))
            {
                CheckScalar(one, type, place, faults);
                CheckEnum(one, [.. definitions, word], place, faults);
            }
            else if (one.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{place} is no object");
            }
            else if (type != "object")
            {
                Check(one, Chain(_objects[type], _objects), profiles, place, faults);
            }
        }
    }

    private static void CheckScalar(JsonElement value, string type, string place, List<string> faults)
    {
        bool fits = type switch
        {
            "integer_t" => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _),
            "long_t" or "timestamp_t" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "boolean_t" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "ip_t" => value.ValueKind == JsonValueKind.String && IPAddress.TryParse(value.GetString(), out _),
            "port_t" => value.ValueKind == JsonValueKind.Number && value.TryGetUInt16(out _),
            "float_t" => value.ValueKind == JsonValueKind.Number,
            "json_t" => true,
            _ => value.ValueKind == JsonValueKind.String,
        };
        if (!fits)
        {
            faults.Add($"{place} is {value.GetRawText()}, which is no {type}");
        }
    }

    private static void CheckEnum(JsonElement value, List<JsonObject> definitions, string place, List<string> faults)
    {
        JsonObject[] lists = [.. definitions.Select(definition => definition["enum"]).OfType<JsonObject>()];

        // The numbers of category and class are written into their lists when the schema is compiled.
        if (lists.Length > 0 && place is not ("/category_uid" or "/class_uid") && !lists.Any(list => list.ContainsKey(value.ToString())))
        {
            faults.Add($"{place} is {value}, which is not in its list");
        }
    }

    private JsonObject Load(string path) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, path)))!.AsObject();
}
