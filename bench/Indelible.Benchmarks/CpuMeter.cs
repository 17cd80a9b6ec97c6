using System.Diagnostics;

namespace Indelible.Benchmarks;

/// <summary>What a process spends while something is measured. Processor time hardly depends on what else the machine does; rates do.</summary>
internal sealed class CpuMeter
{
    private readonly Process _process;
    private readonly TimeSpan _cpu;
    private readonly TimeSpan _pause = GC.GetTotalPauseDuration();
    private readonly long _allocated = GC.GetTotalAllocatedBytes();

    /// <summary>Begins.</summary>
    public CpuMeter(Process process)
    {
        _process = process;
        _process.Refresh();
        _cpu = process.TotalProcessorTime;
    }

    /// <summary>Processor time since the beginning, all threads.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime - _cpu;
        }
    }

    /// <summary>Time since the beginning that this process stood still to collect garbage.</summary>
    public TimeSpan Pause => GC.GetTotalPauseDuration() - _pause;

    /// <summary>Bytes that this process has allocated since the beginning.</summary>
    public long Allocated => GC.GetTotalAllocatedBytes() - _allocated;
}
