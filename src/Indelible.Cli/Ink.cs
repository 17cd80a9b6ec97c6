namespace Indelible.Cli;

/// <summary>How a text stands out on a terminal that has colours.</summary>
internal enum Ink
{
    /// <summary>Not at all.</summary>
    Plain,

    /// <summary>Less than the rest.</summary>
    Faint,

    /// <summary>As what names things.</summary>
    Strong,

    /// <summary>As what went well.</summary>
    Green,

    /// <summary>As what deserves a look.</summary>
    Yellow,

    /// <summary>As what went wrong.</summary>
    Red,

    /// <summary>As who or what it is about.</summary>
    Cyan,
}
