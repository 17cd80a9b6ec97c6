namespace Indelible.Server.Tests.Import;

/// <summary>Finds what lies in and beside the repository, from wherever the tests were built.</summary>
internal static class RepositoryFolder
{
    public static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Indelible.slnx")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
