namespace Indelible.Engine.Configuration;

/// <summary>A rotation as entered in the configuration: decided, and perhaps not done yet.</summary>
/// <param name="OldVkey">The key that is to hand over.</param>
/// <param name="NewVkey">The key that it is to hand over to.</param>
/// <param name="Size">The entries that the log had then: the one that announces the key comes later. 0 for the receipts' key.</param>
public sealed record AnnouncedKey(string OldVkey, string NewVkey, long Size);
