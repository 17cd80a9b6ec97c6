namespace Indelible.Events;

/// <summary>Every bound that is put on an event, an entry and a batch, in one place.</summary>
/// <remarks>
/// Lengths of texts are in characters as .NET and JavaScript count them (UTF-16 code units) unless the name says bytes. The values
/// are those of the event schema (docs, "Fields"); where they come from something harder, the member says so.
/// </remarks>
public static class EventLimits
{
    /// <summary>
    /// Bytes of one canonical entry: 65,535, the most that an entry bundle's 16-bit length can say (c2sp.org/tlog-tiles).
    /// </summary>
    public const int EntryBytes = 65_535;

    /// <summary>
    /// Bytes of one event as sent: 524,288. Every event whose canonical form fits <see cref="EntryBytes"/> fits here even when each of its
    /// characters comes as a six-byte escape; what is larger can only be white space or too long.
    /// </summary>
    public const int ClaimInputBytes = 524_288;

    /// <summary>Events of one batch: 10,000.</summary>
    public const int BatchEvents = 10_000;

    /// <summary>Bytes of one batch after decoding: 16 MiB.</summary>
    public const int BatchBytes = 16 * 1024 * 1024;

    /// <summary>Levels of nesting that the JSON reader accepts at all: 64. Bounds the stack of the writer.</summary>
    public const int JsonDepth = 64;

    /// <summary>
    /// JSON values and member names of one document: 65,536, more than fit <see cref="EntryBytes"/>. Bounds the reader's memory.
    /// </summary>
    public const int JsonNodes = 65_536;

    /// <summary>Characters of a number as sent: 64. Longer spellings of the same value exist; nobody needs them.</summary>
    public const int NumberCharacters = 64;

    /// <summary>The largest magnitude of a number: 2^53−1, the last integer that every JSON reader keeps exactly (RFC 7493).</summary>
    public const long SafeInteger = 9_007_199_254_740_991;

    /// <summary>Faults that are told of one event: 32. What is wrong beyond that shows when these are mended.</summary>
    public const int Faults = 32;

    /// <summary>Characters of an excerpt of the caller's input inside a fault's detail: 64.</summary>
    public const int FaultExcerpt = 64;

    /// <summary>Characters of <c>schema</c>: 160, room for <c>audit/1#&lt;action&gt;@&lt;n&gt;</c>.</summary>
    public const int Schema = 160;

    /// <summary>Characters of <c>id</c> and of other ids of events: 128.</summary>
    public const int EventId = 128;

    /// <summary>Characters of <c>action</c>: 128.</summary>
    public const int Action = 128;

    /// <summary>Dot-, dash- or underscore-separated words of <c>action</c>: 8.</summary>
    public const int ActionWords = 8;

    /// <summary>Characters of short codes and kinds (<c>outcome_code</c>, <c>targets[].type</c>, <c>auth.method</c>): 64.</summary>
    public const int Code = 64;

    /// <summary>Characters of free texts for people (<c>message</c>, reasons): 1,024.</summary>
    public const int FreeText = 1_024;

    /// <summary>Characters of names (of people, policies, targets, agents) and of <c>actor.id</c>: 256.</summary>
    public const int Name = 256;

    /// <summary>Characters of technical ids (sessions, requests, services, tickets) and of items of lists of names: 128.</summary>
    public const int TechnicalId = 128;

    /// <summary>Characters of <c>targets[].id</c>, parents, owners, issuers, routes and user agents: 512.</summary>
    public const int LongId = 512;

    /// <summary>Characters of <c>source.hostname</c>: 255, the longest DNS name.</summary>
    public const int HostName = 255;

    /// <summary>Characters of <c>request.protocol</c> and <c>request.method</c>: 32.</summary>
    public const int Method = 32;

    /// <summary>Characters of <c>request.path</c>: 2,048.</summary>
    public const int RequestPath = 2_048;

    /// <summary>Characters of a JSON Pointer or a URL inside an event: 1,024.</summary>
    public const int Pointer = 1_024;

    /// <summary>Characters of <c>producer.signature.value</c>: 512.</summary>
    public const int Signature = 512;

    /// <summary>Items of <c>actor.roles</c>, <c>actor.groups</c> and <c>data_subjects</c>: 64.</summary>
    public const int Roles = 64;

    /// <summary>Items of <c>actor.on_behalf_of</c>: 8.</summary>
    public const int OnBehalfOf = 8;

    /// <summary>Items of <c>targets</c>: 32.</summary>
    public const int Targets = 32;

    /// <summary>Items of <c>targets[].fields</c>: 128.</summary>
    public const int TargetFields = 128;

    /// <summary>Items of <c>source.forwarded_for</c>: 16.</summary>
    public const int ForwardedFor = 16;

    /// <summary>Items of <c>changes</c> and of <c>truncated</c>: 256.</summary>
    public const int Changes = 256;

    /// <summary>Canonical bytes of one <c>old</c> or <c>new</c> of a change: 2,048.</summary>
    public const int ChangeValueBytes = 2_048;

    /// <summary>Members of <c>labels</c>: 32.</summary>
    public const int Labels = 32;

    /// <summary>Characters of a label's name and of a member's name in <c>data</c>: 64.</summary>
    public const int Key = 64;

    /// <summary>Characters of a label's value: 256.</summary>
    public const int LabelValue = 256;

    /// <summary>Canonical bytes of <c>data</c> without <c>data.original</c>: 16,384.</summary>
    public const int DataBytes = 16_384;

    /// <summary>Levels of nesting of <c>data</c> and of a change's values, themselves counted as the first: 8.</summary>
    public const int DataDepth = 8;

    /// <summary>UTF-8 bytes of one text in <c>data</c>: 8,192.</summary>
    public const int DataStringBytes = 8_192;

    /// <summary>Items of one array in <c>data</c>: 256.</summary>
    public const int DataArray = 256;

    /// <summary>
    /// Levels of nesting of <c>data.original</c>, itself counted as the first: 32. Only this and <see cref="EntryBytes"/> bound it.
    /// </summary>
    public const int OriginalDepth = 32;

    /// <summary>UTF-8 bytes of an origin: 255. It fits a note's key name and the 16-bit length of construction A.</summary>
    public const int OriginBytes = 255;
}
