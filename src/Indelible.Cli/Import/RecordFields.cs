using System.Text.Json;

namespace Indelible.Cli.Import;

/// <summary>Reads members of a foreign object: absent, null and empty are one; another type is a fault, never a guess.</summary>
internal readonly struct RecordFields
{
    private readonly JsonElement _value;
    private readonly string _pointer;

    /// <summary>Reads below <paramref name="value"/>.</summary>
    /// <param name="value">An object, null or nothing.</param>
    /// <param name="pointer">The object's JSON Pointer in the record.</param>
    /// <exception cref="MappingException">It is something else.</exception>
    public RecordFields(JsonElement value, string pointer)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined))
        {
            throw new MappingException(pointer, $"An object is wanted, not {value.ValueKind}.");
        }

        _value = value;
        _pointer = pointer;
    }

    /// <summary>The object below <paramref name="name"/>; one without members where it is absent.</summary>
    /// <exception cref="MappingException">It is something other than an object.</exception>
    public RecordFields Object(string name) => new(Member(name), $"{_pointer}/{name}");

    /// <summary>The text below <paramref name="name"/>, or <see langword="null"/> where it is absent or empty.</summary>
    /// <exception cref="MappingException">It is something other than text.</exception>
    public string? Text(string name)
    {
        JsonElement member = Member(name);
        return member.ValueKind switch
        {
            JsonValueKind.String => member.GetString() is { Length: > 0 } text ? text : null,
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            _ => throw new MappingException($"{_pointer}/{name}", $"Text is wanted, not {member.ValueKind}."),
        };
    }

    /// <summary>The text below <paramref name="name"/>.</summary>
    /// <exception cref="MappingException">It is absent, empty or something other than text.</exception>
    public string Required(string name) => Text(name) ?? throw new MappingException($"{_pointer}/{name}", "The member is missing or empty.");

    /// <summary>The truth value below <paramref name="name"/>, written as JSON or as text; <see langword="null"/> where it is absent.</summary>
    /// <exception cref="MappingException">It is something else.</exception>
    public bool? Flag(string name)
    {
        JsonElement member = Member(name);
        return member.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.String when member.ValueEquals("true"u8) => true,
            JsonValueKind.String when member.ValueEquals("false"u8) => false,
            _ => throw new MappingException($"{_pointer}/{name}", $"True or false is wanted, not {member.ValueKind}."),
        };
    }

    private JsonElement Member(string name) =>
        _value.ValueKind == JsonValueKind.Object && _value.TryGetProperty(name, out JsonElement member) ? member : default;
}
