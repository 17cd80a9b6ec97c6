using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Events;

namespace Indelible.Client.Recording.Composing;

/// <summary>Cuts an event that is too large, and says in <c>truncated</c> what it cut and how large that was.</summary>
/// <remarks>
/// Size must not fail the application, and must not pass in silence. What identifies (ids, actions, types, data subjects) is never
/// cut: half an id is another id. An event that cannot be mended so is refused with its faults.
/// </remarks>
internal static class EventCutter
{
    private const int MostRounds = 64;
    private const int MostMarkers = EventLimits.Changes;
    private static readonly JsonDocumentOptions s_deep = new() { MaxDepth = 1000 };

    /// <summary>The event, cut.</summary>
    /// <param name="json">The event as it was stated.</param>
    /// <param name="faults">What is wrong with it; empty where it is only larger than <paramref name="most"/>.</param>
    /// <param name="most">Canonical bytes that it may have.</param>
    /// <exception cref="ArgumentException">Something is wrong with it that cutting does not mend.</exception>
    public static Claim Cut(byte[] json, IReadOnlyList<Fault> faults, int most)
    {
        if (faults.Any(fault => fault.Code is not (FaultCode.TooLong or FaultCode.TooMany or FaultCode.TooDeep)))
        {
            throw Refused(faults);
        }

        JsonObject root = JsonNode.Parse(json, documentOptions: s_deep)!.AsObject();
        var markers = new Markers(root, json.Length);
        for (int round = 0; round < MostRounds; round++)
        {
            bool changed = faults.Count == 0
                ? CutLargest(root, markers)
                : faults.Aggregate(false, (any, fault) => (fault.Pointer.Length == 0 ? CutLargest(root, markers) : CutAt(root, fault, markers)) || any);
            if (!changed)
            {
                break;
            }

            byte[] cut = Encoding.UTF8.GetBytes(root.ToJsonString());
            if (Claim.TryParse(cut, out Claim? claim, out faults) && claim.CanonicalBytes.Length <= most)
            {
                return claim;
            }

            // Far above the bound, one at a time would take long.
            for (int size = cut.Length; faults.Count == 0 && size > most && CutLargest(root, markers);)
            {
                size = Encoding.UTF8.GetByteCount(root.ToJsonString());
            }
        }

        throw faults.Count > 0 ? Refused(faults) : new ArgumentException($"The event is larger than {most} bytes, and nothing in it can be cut.");
    }

    private static ArgumentException Refused(IReadOnlyList<Fault> faults) =>
        new("The event can never be logged. " + string.Join("; ", faults.Take(8).Select(fault => fault.ToString())));

    private static bool CutAt(JsonObject root, Fault fault, Markers markers)
    {
        string[] path = [.. fault.Pointer[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
        JsonNode? parent = root;
        foreach (string step in path[..^1])
        {
            parent = Child(parent, step);
        }

        JsonNode? node = Child(parent, path[^1]);
        if (parent is null || node is null)
        {
            return false;
        }

        return fault.Code switch
        {
            FaultCode.TooMany => MostItems(path) is { } items && CutItems(node, items, fault.Pointer, markers),
            FaultCode.TooDeep => path[0] == "data" && Remove(parent, path[^1], node, fault.Pointer, markers),
            _ when path is ["data"] => CutLargestMember(node.AsObject(), "/data", markers),
            _ when path is ["changes", _, "old" or "new"] => CutText(parent, path[^1], node, EventLimits.ChangeValueBytes / 4, fault.Pointer, markers)
                || Remove(parent, path[^1], node, fault.Pointer, markers),
            _ => MostCharacters(path) is { } characters && CutText(parent, path[^1], node, characters, fault.Pointer, markers),
        };
    }

    private static JsonNode? Child(JsonNode? parent, string step) => parent switch
    {
        JsonObject members => members[step],
        JsonArray items when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < items.Count => items[index],
        _ => null,
    };

    /// <summary>To how many characters a text may be cut; null for one that may not.</summary>
    private static int? MostCharacters(string[] path) => path switch
    {
        ["message"] or ["outcome_reason"] or ["decision" or "reason", "reason" or "text"] => EventLimits.FreeText,
        ["labels", _] => EventLimits.LabelValue,
        ["data", ..] => EventLimits.DataStringBytes / 4,
        ["source", "user_agent"] or ["request", "route"] => EventLimits.LongId,
        ["request", "path"] => EventLimits.RequestPath,
        ["actor", "name"] or ["targets", _, "name"] or ["actor", "on_behalf_of", _, "name"] => EventLimits.Name,
        ["actor", "roles" or "groups", _] or ["targets", _, "fields", _] => EventLimits.TechnicalId,
        _ => null,
    };

    /// <summary>To how many items a list may be cut; null for one that may not.</summary>
    private static int? MostItems(string[] path) => path switch
    {
        ["targets"] => EventLimits.Targets,
        ["targets", _, "fields"] => EventLimits.TargetFields,
        ["actor", "roles" or "groups"] => EventLimits.Roles,
        ["changes"] => EventLimits.Changes,
        ["source", "forwarded_for"] => EventLimits.ForwardedFor,
        ["labels"] => EventLimits.Labels,
        ["data", ..] => EventLimits.DataArray,
        _ => null,
    };

    private static bool CutText(JsonNode parent, string name, JsonNode node, int characters, string pointer, Markers markers)
    {
        if (node.GetValueKind() != JsonValueKind.String || node.GetValue<string>() is not { } text || text.Length <= characters)
        {
            return false;
        }

        markers.Add(pointer, Encoding.UTF8.GetByteCount(text));
        int end = char.IsHighSurrogate(text[characters - 1]) ? characters - 1 : characters;
        Set(parent, name, JsonValue.Create(text[..end]));
        return true;
    }

    private static bool CutItems(JsonNode node, int items, string pointer, Markers markers)
    {
        markers.Add(pointer, SizeOf(node));
        switch (node)
        {
            case JsonArray list:
                list.RemoveRange(items, list.Count - items);
                return true;
            case JsonObject members:
                foreach (string extra in members.Select(member => member.Key).Skip(items).ToArray())
                {
                    members.Remove(extra);
                }

                return true;
            default:
                return false;
        }
    }

    private static bool Remove(JsonNode parent, string name, JsonNode node, string pointer, Markers markers)
    {
        markers.Add(pointer, SizeOf(node));
        if (parent is JsonObject members)
        {
            return members.Remove(name);
        }

        Set(parent, name, new JsonObject { ["$redacted"] = "too-deep" });
        return true;
    }

    private static void Set(JsonNode parent, string name, JsonNode value)
    {
        if (parent is JsonArray items)
        {
            items[int.Parse(name, CultureInfo.InvariantCulture)] = value;
        }
        else
        {
            parent[name] = value;
        }
    }

    /// <summary>Takes away the largest of what an event can do without: a member of <c>data</c>, a value of a change, the last changes.</summary>
    private static bool CutLargest(JsonObject root, Markers markers)
    {
        JsonObject? data = root["data"] as JsonObject;
        JsonArray? changes = root["changes"] as JsonArray;
        int ofData = data is { Count: > 0 } ? SizeOf(data) : 0;
        int ofChanges = changes is { Count: > 0 } ? SizeOf(changes) : 0;
        if (ofData == 0 && ofChanges == 0)
        {
            return false;
        }

        if (ofData >= ofChanges)
        {
            return CutLargestMember(data!, "/data", markers);
        }

        return changes!.Count > 1
            ? CutItems(changes, changes.Count / 2, "/changes", markers)
            : CutLargestMember(changes[0]!.AsObject(), "/changes/0", markers, only: ["old", "new"]);
    }

    private static bool CutLargestMember(JsonObject node, string pointer, Markers markers, string[]? only = null)
    {
        (string Name, int Size) largest = node.Where(member => only?.Contains(member.Key) != false)
            .Select(member => (member.Key, SizeOf(member.Value))).OrderByDescending(member => member.Item2).FirstOrDefault();
        if (largest.Name is null)
        {
            return false;
        }

        markers.Add($"{pointer}/{largest.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", largest.Size);
        return node.Remove(largest.Name);
    }

    private static int SizeOf(JsonNode? node) => node is null ? 4 : Encoding.UTF8.GetByteCount(node.ToJsonString());

    /// <summary>The markers of what was cut; the first of each place holds, since it knows the original.</summary>
    private sealed class Markers(JsonObject root, int wholeBytes)
    {
        private readonly HashSet<string> _known = [];

        public void Add(string pointer, long bytes)
        {
            if (root["truncated"] is not JsonArray list)
            {
                root["truncated"] = list = [];
            }

            // More than the list holds: the last says that it is about the whole.
            if (list.Count >= MostMarkers - 1)
            {
                pointer = "";
                bytes = wholeBytes;
            }

            if (_known.Add(pointer))
            {
                list.Add(new JsonObject { ["path"] = pointer, ["original_bytes"] = bytes });
            }
        }
    }
}
