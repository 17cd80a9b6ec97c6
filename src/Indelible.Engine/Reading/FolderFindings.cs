namespace Indelible.Engine.Reading;

/// <summary>Something found about a file of a data folder.</summary>
/// <param name="Where">The file, from the data folder on, or what else it is about.</param>
/// <param name="Detail">What was expected and what was found.</param>
public sealed record FolderFinding(string Where, string Detail);

/// <summary>What was found about a data folder without believing it.</summary>
public sealed class FolderFindings
{
    private readonly List<FolderFinding> _faults = [];
    private readonly List<FolderFinding> _unclear = [];
    private readonly List<string> _checked = [];
    private readonly List<string> _notChecked = [];

    /// <summary>What contradicts itself, the settings or the signed head.</summary>
    public IReadOnlyList<FolderFinding> Faults => _faults;

    /// <summary>What could not be read, or may be the work of a crash as well as of somebody's hand.</summary>
    public IReadOnlyList<FolderFinding> Unclear => _unclear;

    /// <summary>What was checked, in words.</summary>
    public IReadOnlyList<string> Checked => _checked;

    /// <summary>What was not, and why.</summary>
    public IReadOnlyList<string> NotChecked => _notChecked;

    internal void Fault(string where, string detail) => _faults.Add(new FolderFinding(where, detail));

    internal void IsUnclear(string where, string detail) => _unclear.Add(new FolderFinding(where, detail));

    internal void IsChecked(string what) => _checked.Add(what);

    internal void IsNotChecked(string what) => _notChecked.Add(what);

    internal void Add(FolderFindings others)
    {
        _faults.AddRange(others._faults);
        _unclear.AddRange(others._unclear);
        _checked.AddRange(others._checked);
        _notChecked.AddRange(others._notChecked);
    }

    /// <summary>Runs <paramref name="check"/>; a failure of it is a finding: of damage, or of what could not be read.</summary>
    internal void Try(string where, Action check)
    {
        try
        {
            check();
        }
        catch (Storage.StorageException e) when (e.Outcome == Storage.StorageOutcome.Damaged)
        {
            Fault(where, e.Message);
        }
        catch (FileNotFoundException e)
        {
            Fault(where, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            IsUnclear(where, e.Message);
        }
    }
}
