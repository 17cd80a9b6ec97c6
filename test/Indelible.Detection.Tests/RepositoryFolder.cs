namespace Indelible.Detection.Tests;

/// <summary>Finds what lies in and beside the repository, from wherever the tests were built.</summary>
internal static class RepositoryFolder
{
    public static string Path { get; } = Find();

    /// <summary>Real data beside the repository; null where there is none.</summary>
    public static string? SharedData => Directory.Exists(System.IO.Path.Combine(Path, "..", "shared", "data")) ? System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, "..", "shared", "data")) : null;

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Indelible.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests are not below the repository.");
    }
}
