namespace Indelible.Cli.Import;

/// <summary>A record that has no true form as an event. Never leaves this folder: the import turns it into a fault.</summary>
internal sealed class MappingException(string pointer, string message) : Exception(message)
{
    /// <summary>The JSON Pointer of the fault in the record.</summary>
    public string Pointer { get; } = pointer;
}
