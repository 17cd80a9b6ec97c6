using System.Text;
using Indelible.Engine;
using Indelible.Engine.Storage.Files;
using Xunit;

namespace Indelible.Simulation.Faults;

/// <summary>An index file is there whole or as it was before, whatever step of writing it fails; one of personal values that was deleted stays so.</summary>
public sealed class IndexFileTests
{
    private const long First = 512;
    private static readonly byte[] s_old = Encoding.ASCII.GetBytes(new string('o', 150_000));
    private static readonly byte[] s_new = Encoding.ASCII.GetBytes(new string('n', 200_000));

    public static TheoryData<string> Failures => new(Enum.GetNames<DiskFault>().Where(fault => fault != nameof(DiskFault.None)));

    [Theory]
    [MemberData(nameof(Failures))]
    public void Whatever_step_of_writing_fails_the_old_file_is_there_or_the_new_one_and_no_part_of_either(string fault)
    {
        int steps = StepsOfWriting();
        for (int step = 0; step < steps; step++)
        {
            SimulatedDisk disk = Prepared();
            IndexFiles files = FilesOf(disk);
            int failing = disk.Operations.Count + step;
            disk.Faults = operation => operation.Number == failing ? Enum.Parse<DiskFault>(fault) : DiskFault.None;
            bool isWritten = TryDo(() => files.Write(First, isPersonal: false, into => into.Write(s_new)));
            if (!disk.HasStopped)
            {
                disk.Faults = _ => DiskFault.None;
                Assert.Contains(Read(disk, files), new[] { s_old, s_new });
            }

            disk.Crash(new Random(step));
            disk = disk.Reopen();
            files = FilesOf(disk);
            files.RemoveUnfinished();
            Assert.Equal([First], files.List(isPersonal: false));
            Assert.Contains(Read(disk, files), isWritten ? [s_new] : new[] { s_old, s_new });
            Assert.DoesNotContain(disk.FilesBelow("/data"), path => path.EndsWith(".new", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(nameof(DiskFault.Fails))]
    [InlineData(nameof(DiskFault.FailsButPersists))]
    [InlineData(nameof(DiskFault.ReadOnlyDisk))]
    [InlineData(nameof(DiskFault.CrashBefore))]
    [InlineData(nameof(DiskFault.CrashAfter))]
    public void Files_of_personal_values_that_were_deleted_are_gone_after_a_crash_and_what_was_not_deleted_is_told(string fault)
    {
        for (int step = 0; step < 6; step++)
        {
            SimulatedDisk disk = Prepared();
            IndexFiles files = FilesOf(disk);
            files.Write(First, isPersonal: true, into => into.Write(s_old));
            files.Write(2 * First, isPersonal: true, into => into.Write(s_old));
            int failing = disk.Operations.Count + step;
            disk.Faults = operation => operation.Number == failing ? Enum.Parse<DiskFault>(fault) : DiskFault.None;

            bool isDeleted = TryDo(files.DeletePersonal);

            disk.Crash(null);
            files = FilesOf(disk.Reopen());
            if (isDeleted)
            {
                Assert.Empty(files.List(isPersonal: true));
            }

            Assert.Equal([First], files.List(isPersonal: false));
        }
    }

    private static IndexFiles FilesOf(SimulatedDisk disk) => new DataFolder("/data") { Disk = disk }.IndexFilesOf("main");

    private static SimulatedDisk Prepared()
    {
        var disk = new SimulatedDisk();
        disk.CreateFolder("/data/logs/main");
        FilesOf(disk).Write(First, isPersonal: false, into => into.Write(s_old));
        return disk;
    }

    private static byte[] Read(SimulatedDisk disk, IndexFiles files) => disk.ReadWhole(files.PathOf(First, isPersonal: false), 1 << 20);

    /// <summary>How many operations writing takes when nothing fails.</summary>
    private static int StepsOfWriting()
    {
        SimulatedDisk disk = Prepared();
        int before = disk.Operations.Count;
        FilesOf(disk).Write(First, isPersonal: false, into => into.Write(s_new));
        return disk.Operations.Count - before;
    }

    private static bool TryDo(Action what)
    {
        try
        {
            what();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
