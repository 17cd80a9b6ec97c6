using System.Diagnostics;

namespace Indelible.SearchBench;

/// <summary>What the system keeps of files in memory.</summary>
internal static class PageCache
{
    private const string Door = "/proc/sys/vm/drop_caches";

    /// <summary>Whether it can be dropped here: on Linux, by root.</summary>
    public static bool CanDrop => Environment.IsPrivilegedProcess && File.Exists(Door);

    /// <summary>Writes out what is dirty and drops all that no process has mapped.</summary>
    public static void Drop()
    {
        using (Process sync = Process.Start("sync"))
        {
            sync.WaitForExit();
        }

        File.WriteAllText(Door, "3");
    }
}
