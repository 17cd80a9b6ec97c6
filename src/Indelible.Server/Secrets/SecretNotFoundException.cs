namespace Indelible.Server.Secrets;

/// <summary>A reference to a secret leads to none. The message names the reference and why, and never the secret.</summary>
public sealed class SecretNotFoundException(string message) : Exception(message);
