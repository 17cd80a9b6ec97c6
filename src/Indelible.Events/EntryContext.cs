using Indelible.Privacy;

namespace Indelible.Events;

/// <summary>What the server knows when it makes an entry of a claim.</summary>
public readonly record struct EntryContext
{
    /// <summary>The log's origin; at most <see cref="EventLimits.OriginBytes"/> bytes.</summary>
    public required string Origin { get; init; }

    /// <summary>
    /// When the server received it: exactly <see cref="Instant.FixedWidth"/> characters, as <see cref="Instant.Format"/> writes.
    /// </summary>
    public required string ReceivedAt { get; init; }

    /// <summary>Who delivered it.</summary>
    public required Ingest Ingest { get; init; }

    /// <summary><see cref="EntryBuilder.SaltSize"/> random bytes, new for each entry.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>The log's data subjects' keys.</summary>
    public required IPersonalKeys Keys { get; init; }

    /// <summary>The log's privacy policy.</summary>
    public required PersonalFields PersonalFields { get; init; }
}
