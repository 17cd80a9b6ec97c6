using System.Diagnostics;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Indelible.Keys;
using Serilog;
using Serilog.Core;

namespace Indelible.Benchmarks;

/// <summary>The recorder in this process, on one core and without a server: events spooled, beside Serilog's file sink with the same facts.</summary>
internal sealed class ClientPart : IMeasuredPart
{
    /// <summary>Spooled, synced before each call returns.</summary>
    public const string Spooled = "Client, Durable, 1,024 callers, one core";

    /// <summary>Spooled, one caller after the other's sync.</summary>
    public const string SpooledAlone = "Client, Durable, 1 caller, one core";

    /// <summary>Serilog's file, audited: written through by each call, not synced.</summary>
    public const string Serilog = "Serilog file sink in audit mode, not synced, one core";

    private const int Callers = 1_024;
    private readonly SuitePlan _plan;
    private readonly string _folder;
    private readonly Process _process = Process.GetCurrentProcess();
    private int _run;

    public ClientPart(SuitePlan plan, string folder)
    {
        _plan = plan;
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        if (_run == 0)
        {
            // Compiled for good before it is measured: on one core that takes seconds.
            await SpoolAsync(new Results(), Spooled, Callers);
        }

        nint all = OperatingSystem.IsLinux() ? _process.ProcessorAffinity : 0;
        try
        {
            if (OperatingSystem.IsLinux())
            {
                _process.ProcessorAffinity = 1;
            }

            await SpoolAsync(results, Spooled, Callers);
            await SpoolAsync(results, SpooledAlone, 1);
            await WriteSerilogAsync(results);
        }
        finally
        {
            if (OperatingSystem.IsLinux())
            {
                _process.ProcessorAffinity = all;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task SpoolAsync(Results results, string name, int callers)
    {
        string folder = Path.Combine(_folder, $"spool-{_run++}");
        var options = new AuditClientOptions
        {
            ServerUrl = new Uri("http://127.0.0.1:9"),   // Nobody answers there: everything waits.
            Key = "ind_w_" + new string('A', 43),
            LogVkey = VkeyOf("bench.example/logs/main"),
            ReceiptsVkey = VkeyOf("bench.example/receipts"),
            ServiceName = "bench",
            SpoolFolder = folder,
            SpoolBytes = 1L << 36,
            ShutdownWait = TimeSpan.Zero,
        };
        long number = 0;
        await using (var client = new AuditClient(options))
        {
            var meter = new CpuMeter(_process);
            double rate = await Workload.RateAsync(callers, _plan.Duration, async _ =>
            {
                long n = Interlocked.Increment(ref number);
                await client.RecordAsync(Draft(n));
                return 1;
            });
            results.Add(name, "events/s", rate);
            results.Add(name + ", processor time", "µs an event", meter.Cpu.TotalMicroseconds / number);
            results.Add(name + ", allocated", "bytes an event", (double)meter.Allocated / number);
            results.Add(name + ", managed heap", "MB", GC.GetTotalMemory(forceFullCollection: false) / 1e6);
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task WriteSerilogAsync(Results results)
    {
        string file = Path.Combine(_folder, $"serilog-{_run++}.log");
        long number = 0;
        using (Logger logger = new LoggerConfiguration().AuditTo.File(file, formatProvider: System.Globalization.CultureInfo.InvariantCulture).CreateLogger())
        {
            var meter = new CpuMeter(_process);
            double rate = await Workload.RateAsync(1, _plan.Duration, _ =>
            {
                long n = Interlocked.Increment(ref number);
                logger.Information(
                    "{Action} {Category} {Operation} {Actor} {TargetType} {Target} {Amount} {Reason} {Route}",
                    "invoice.refund", "data_change", "update", "u-8472", "invoice", n, 12.50m, "arrived broken", "/invoices/{id}/refund");
                return Task.FromResult(1);
            });
            results.Add(Serilog, "events/s", rate);
            results.Add(Serilog + ", processor time", "µs an event", meter.Cpu.TotalMicroseconds / number);
            results.Add(Serilog + ", allocated", "bytes an event", (double)meter.Allocated / number);
        }

        File.Delete(file);
    }

    private static string VkeyOf(string name)
    {
        using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(name, new byte[Ed25519NoteSigner.SeedSize]);
        return signer.VerifierKey.ToString();
    }

    private static EventDraft Draft(long n) => new()
    {
        Action = "invoice.refund",
        Category = Category.DataChange,
        Operation = Operation.Update,
        Actor = new Actor { Id = "u-8472", Type = ActorType.User },
        Targets = [new Target { Type = "invoice", Id = n.ToString(System.Globalization.CultureInfo.InvariantCulture) }],
        Request = new Request { Method = "POST", Route = "/invoices/{id}/refund", Status = 200 },
        Reason = new Reason { Text = "arrived broken" },
    };
}
