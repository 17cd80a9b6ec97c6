namespace Indelible.Detection;

/// <summary>Every bound that is put on a rule, each with where it comes from.</summary>
public static class DetectionLimits
{
    /// <summary>Bytes of a file of rules. 1 MiB: the largest published rule has 40 KB.</summary>
    public const int FileBytes = 1 << 20;

    /// <summary>Maps and lists in each other in a file. 32: published rules have six. A reader of YAML goes as deep on the stack as the file says.</summary>
    public const int FileDepth = 32;

    /// <summary>Nodes of YAML in a file. 100,000: what a mebibyte of short values comes to.</summary>
    public const int FileNodes = 100_000;

    /// <summary>Characters of a rule's id or name, and of a field that a correlation groups by. 128.</summary>
    public const int NameCharacters = 128;

    /// <summary>Values that one rule compares with, after <c>windash</c> and <c>base64offset</c> have made several of one. 10,000: the longest published lists have some 600.</summary>
    public const int RuleValues = 10_000;

    /// <summary>Characters of one value. 4,096.</summary>
    public const int ValueCharacters = 4_096;

    /// <summary>Characters of all values of one rule together, after <c>windash</c> and the encodings have made several of one, and longer ones. 1,048,576: the longest published lists have some 20,000. They are kept in memory, four bytes each.</summary>
    public const int RuleCharacters = 1 << 20;

    /// <summary>Modifiers of one field. 16: published rules have up to four, and each encoding makes a value longer than the one before.</summary>
    public const int FieldModifiers = 16;

    /// <summary>
    /// Bytes of the tables by which pieces of texts are found, of all rules together. 256 MiB: as much as a megabyte of texts takes, and three thousand published rules have a fifth of that. A table has a row for each character of
    /// what it looks for, so that a short file can ask for gigabytes: a rule that goes beyond is refused.
    /// </summary>
    public const long NeedleTableBytes = 256 << 20;

    /// <summary>Characters that stand for any one, <c>?</c>, in one value. 32: each may have to be tried at every place of a text.</summary>
    public const int AnyOnes = 32;

    /// <summary>Tests that the condition of one rule comes to, each as often as it is named. 20,000: they may all have to be looked at for one event.</summary>
    public const int RuleTests = 20_000;

    /// <summary>Parentheses and negations in each other in a condition. 32.</summary>
    public const int ConditionDepth = 32;

    /// <summary>Characters of a condition. 8,192.</summary>
    public const int ConditionCharacters = 8_192;

    /// <summary>Characters of a regular expression. 1,024: matching takes the length of the text, and memory grows with that of the expression.</summary>
    public const int PatternCharacters = 1_024;

    /// <summary>Forms that <c>windash</c> makes of one value: five dashes at up to four places. 625.</summary>
    public const int WindashForms = 625;

    /// <summary>The longest timespan of a correlation, in days. 90: what a group has of it is kept in memory for so long.</summary>
    public const int TimespanDays = 90;

    /// <summary>How far back a correlation asks the log for what was before, in days. 730: what comes but once a year was there twice.</summary>
    public const int LookBackDays = 730;

    /// <summary>Groups, and values of groups, that a correlation remembers so as not to ask the log for them. 65,536, some 10 MB: of others it asks again.</summary>
    public const int SeenKeys = 65_536;

    /// <summary>How long a group of which something new was told has to show nothing more that is new, before it is told of again. 1 h: an address that changes with every event is one finding.</summary>
    public static readonly TimeSpan SeenQuiet = TimeSpan.FromHours(1);

    /// <summary>Groups that one correlation keeps. 100,000, some 50 MB: of more, the one that was touched least lately is forgotten, and counted.</summary>
    public const int Groups = 100_000;

    /// <summary>Occurrences that are kept of one group. 10,000: of more, the oldest are forgotten; thresholds above it are refused.</summary>
    public const int GroupOccurrences = 10_000;

    /// <summary>
    /// Occurrences that are kept of a group where they count as one: of the same value, or of the same rule. 16: for a window that ends now the newest is enough; the others are there for events that
    /// come late, and to be named.
    /// </summary>
    public const int AlikeOccurrences = 16;

    /// <summary>Occurrences that are kept of a group before one of the first rule, where order counts. 64: they matter only where the first comes late.</summary>
    public const int OccurrencesBeforeFirst = 64;

    /// <summary>Fields that a correlation groups by. 8.</summary>
    public const int GroupFields = 8;

    /// <summary>Groups that one event is put into, where it has several values of what is grouped by. 64; where values are looked for in the past, groups with values.</summary>
    public const int GroupsOfEvent = 64;

    /// <summary>Events that a finding names. 100, the newest.</summary>
    public const int FindingEvents = 100;

    /// <summary>How far an event's time may lie ahead of when it was received; what lies further counts as of then. 5 min, as with clocks that are wrong (docs/sources.md).</summary>
    public static readonly TimeSpan ClockAhead = TimeSpan.FromMinutes(5);

    /// <summary>How long a window that has to be over before it is judged waits for late events, in the time of events. 5 min.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromMinutes(5);

    /// <summary>How much later than its time an event may come and still count with what happened then, where that can only grow. 24 h, behind the latest time of the log's events: what a producer's spool delivers after a night.</summary>
    public static readonly TimeSpan LateKept = TimeSpan.FromHours(24);

    /// <summary>
    /// How late it may come to a group that is as busy as what it is compared with all the time. 1 h: of such a group, no more is kept than that takes, the newest.
    /// </summary>
    public static readonly TimeSpan LateCrowded = TimeSpan.FromHours(1);

    /// <summary>Events that are kept of a window that is over, for findings of what it is part of. 16, the newest.</summary>
    public const int WindowEvents = 16;

    /// <summary>Bytes of what correlations remember of one log, where it is written down. 128 MiB: some two million groups; of what remembers more nothing is written.</summary>
    public const int SavedBytes = 128 << 20;

    /// <summary>Rules that are loaded. 10,000: three times as many as are published.</summary>
    public const int Rules = 10_000;
}
