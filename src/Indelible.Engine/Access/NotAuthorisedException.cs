namespace Indelible.Engine.Access;

/// <summary>A change of configuration that its author may not make: nothing was changed. The message says what it needs, and nothing of what others have.</summary>
public sealed class NotAuthorisedException(string message) : Exception(message);
