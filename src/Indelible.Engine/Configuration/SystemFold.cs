using System.Globalization;
using System.Text.Json;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Rotation;

namespace Indelible.Engine.Configuration;

/// <summary>Folds the entries of <c>_system</c> into the running configuration.</summary>
/// <remarks>
/// A pure function of an entry and the state before it. An entry of a kind that is not known stops the fold, and with it the start
/// of the node: a configuration that is understood in part is not the configuration.
/// </remarks>
internal static class SystemFold
{
    /// <summary>The state after one more entry.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="index">The entry's index; must be the state's size.</param>
    /// <param name="entry">The entry's bytes.</param>
    /// <exception cref="StorageException">The entry is not a configuration entry that this version knows.</exception>
    public static SystemState Apply(SystemState state, long index, ReadOnlyMemory<byte> entry)
    {
        if (index != state.Size)
        {
            throw new InvalidOperationException($"Entry {index} of _system cannot be folded into a state of size {state.Size}.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(entry);
            JsonElement root = document.RootElement;
            string action = Text(root, "action");
            JsonElement data = root.TryGetProperty("data", out JsonElement found) ? found : default;
            SystemState next = action switch
            {
                SystemActions.Init => state with { Vkey = Text(data, "vkey") },
                SystemActions.Restored => state,
                SystemActions.LogIncarnation => Freeze(AddLog(state, data), IncarnationFacts.Read(data)),
                SystemActions.Incarnation => Freeze(state with { Vkey = Text(data, "vkey") }, IncarnationFacts.Read(data)),
                SystemActions.LogCreate => AddLog(state, data),
                SystemActions.KeyCreate => AddKey(state, data),
                SystemActions.KeyRevoke => RevokeKey(state, Text(data, "id")),
                SystemActions.KeyRotate => Announce(state, Text(data, "log"), RotationFacts.Read(data), data.GetProperty("size").GetInt64()),
                SystemActions.ReceiptsRotate => state with { ReceiptsRotations = state.ReceiptsRotations.Add(new AnnouncedKey(Text(data, "old_vkey"), Text(data, "new_vkey"), 0)) },
                SystemActions.SourceExpect => Expect(state, data, Instant.Parse(Text(root, "received_at"))),
                SystemActions.SourceForget => state with { Expected = state.Expected.Remove((Text(data, "log"), Text(data, "name"))) },
                _ => throw new StorageException($"Entry {index} of _system has the action {action}, which this version does not know. Use the version that wrote it, or a later one.", StorageOutcome.Damaged),
            };
            return next with { Size = index + 1 };
        }
        catch (Exception e) when (e is JsonException or OverflowException or TlogFormatException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StorageException($"Entry {index} of _system is not a configuration entry.", StorageOutcome.Damaged, e);
        }
    }

    private static SystemState AddLog(SystemState state, JsonElement data)
    {
        var log = new LogSettings(
            Text(data, "name"),
            Text(data, "origin"),
            Text(data, "vkey"),
            data.GetProperty("public").GetBoolean(),
            [.. data.GetProperty("personal").EnumerateArray().Select(Text)],
            state.Size + 1);
        return state with { Logs = state.Logs.Add(log.Name, log) };
    }

    private static SystemState Freeze(SystemState state, IncarnationFacts facts) => state with
    {
        Frozen = state.Frozen.Add(facts.Of, new FrozenLog(facts.OfVkey, facts.Restored, facts.Checkpoint, facts.Name)),
    };

    private static SystemState Announce(SystemState state, string log, RotationFacts keys, long size) => state with
    {
        Rotations = state.Rotations.SetItem(log, [.. state.Rotations.GetValueOrDefault(log, []), new AnnouncedKey(keys.Old.ToString(), keys.New.ToString(), size)]),
    };

    private static SystemState AddKey(SystemState state, JsonElement data)
    {
        var key = new ApiKey(
            Text(data, "id"),
            Kind(Text(data, "kind")),
            Text(data, "principal"),
            [.. data.GetProperty("logs").EnumerateArray().Select(Text)],
            data.TryGetProperty("expires", out JsonElement expires) ? DateTimeOffset.Parse(Text(expires), CultureInfo.InvariantCulture) : null,
            Text(data, "hash"),
            IsRevoked: false);
        return state with { Keys = state.Keys.Add(key.Id, key), KeyIdByHash = state.KeyIdByHash.Add(key.HashText, key.Id) };
    }

    private static SystemState Expect(SystemState state, JsonElement data, DateTimeOffset since)
    {
        var expected = new ExpectedSource(
            Text(data, "log"),
            Text(data, "name"),
            OptionalText(data, "principal"),
            OptionalText(data, "service"),
            OptionalText(data, "instance"),
            TimeSpan.FromSeconds(data.GetProperty("interval_s").GetInt64()),
            since);
        return state with { Expected = state.Expected.SetItem((expected.Log, expected.Name), expected) };
    }

    private static string? OptionalText(JsonElement parent, string member) => parent.TryGetProperty(member, out JsonElement value) ? Text(value) : null;

    // Enum.Parse would take numbers, and names put together, for kinds that nobody has defined.
    private static KeyKind Kind(string text) => Enum.GetValues<KeyKind>().Cast<KeyKind?>().FirstOrDefault(kind => kind.ToString()!.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"There is no kind of key {text}.");

    private static string Text(JsonElement parent, string member) => Text(parent.GetProperty(member));

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("A text is missing.");

    private static SystemState RevokeKey(SystemState state, string id) =>
        state with { Keys = state.Keys.SetItem(id, state.Keys[id] with { IsRevoked = true }) };
}
