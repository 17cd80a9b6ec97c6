using System.Globalization;
using Indelible.Client.Recording;

// An application that records without pause and says what became of each event, to be killed at any moment.
// recorder URL KEY LOG-VKEY RECEIPTS-VKEY SPOOL MODE PREFIX COUNT CALLERS WHEN-FULL
var options = new AuditClientOptions
{
    ServerUrl = new Uri(args[0]),
    Key = args[1],
    LogVkey = args[2],
    ReceiptsVkey = args[3],
    ServiceName = "recorder",
    InstanceId = "recorder",
    SpoolFolder = args[4],
    DefaultMode = Enum.Parse<DeliveryMode>(args[5]),
    GuaranteedBudget = TimeSpan.FromSeconds(30),
    FirstRetry = TimeSpan.FromMilliseconds(20),
    LongestRetry = TimeSpan.FromMilliseconds(200),
    WhenSpoolFull = Enum.Parse<WhenSpoolFull>(args[9]),
    SpoolFullWait = TimeSpan.FromMilliseconds(200),
    ShutdownWait = TimeSpan.FromSeconds(30),
};
int count = int.Parse(args[7], CultureInfo.InvariantCulture);
int callers = int.Parse(args[8], CultureInfo.InvariantCulture);
await using (var client = new AuditClient(options))
{
    Console.WriteLine("begins " + client.StreamId);
    await Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
    {
        for (int i = 0; i < count; i++)
        {
            string id = $"{args[6]}-{caller}-{i}";
            try
            {
                await client.RecordAsync(EventDraft.Of("test.run").By("u-1") with { Id = id });
                Console.WriteLine("recorded " + id);
            }
            catch (AuditNotRecordedException e)
            {
                Console.WriteLine((e.MayBeLogged ? "unknown " : "refused ") + id);
            }
        }
    }));
}

Console.WriteLine("ended");
return 0;
