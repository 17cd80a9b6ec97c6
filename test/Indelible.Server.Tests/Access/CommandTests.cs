using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Indelible.Cli.Commands;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Every command that talks to a server: by which doors it goes, and that it needs what <see cref="CommandTable"/> says and no more.</summary>
[Collection(CastCollection.Name)]
public sealed class CommandTests(Cast cast) : IDisposable
{
    private const string Trail = """{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"A","arn":"arn:aws:iam::123456789012:user/a","accountId":"123456789012","userName":"a"},"eventTime":"2026-01-02T03:04:05Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.1","userAgent":"cli","requestID":"R","eventID":"6b1f0f4e-0000-4000-8000-000000000001","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012"}]}""";

    // By which the test itself makes what a command is to be tried with.
    private static readonly string[] s_preparing = ["POST /api/keys", "POST /api/principals", "POST /api/grants", "PUT /api/logs/{log}/sources/expected/{name}"];

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public static TheoryData<int, string> Commands() => new(CommandTable.Commands.Index()
        .Where(command => !command.Item.Arguments.StartsWith('-') || command.Item.Arguments.StartsWith("--", StringComparison.Ordinal)).Select(command => (command.Index, command.Item.Name)));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_command_has_a_line_and_every_line_a_command()
    {
        Assert.Equal(NamesOf(IndelibleCommand.Make(), "").Order(StringComparer.Ordinal), CommandTable.Commands.Select(command => command.Name).Distinct().Concat(CommandTable.Local).Order(StringComparer.Ordinal));
        Assert.All(CommandTable.Commands.SelectMany(command => command.Doors), door => Assert.Contains(door, DoorTable.Doors.Select(one => one.Name)));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_command_goes_by_its_doors_with_a_key_that_suffices_and_is_turned_away_there_with_another(int number, string name)
    {
        CommandLineOf line = CommandTable.Commands[number];
        Assert.Equal(name, line.Name);
        var doors = new ConcurrentDictionary<(string Door, int Status), bool>();
        using MeterListener listener = Listen(doors);

        int done = await RunAsync(line, line.Suffices);
        await WaitForAsync(() => line.Doors.All(door => doors.Keys.Any(seen => seen.Door == door)), doors);

        Assert.Equal(0, done);

        // 499: a tail ends by going away, and one that another line of the table began is counted when the server has noticed.
        Assert.Equal(
            line.Doors.Order(StringComparer.Ordinal),
            doors.Keys.Where(seen => seen.Status != 499).Select(seen => seen.Door).Except(s_preparing).Union(line.Doors).Order(StringComparer.Ordinal));
        Assert.All(doors.Keys, seen => Assert.True(seen.Status is (>= 200 and < 300) or 499, $"{seen}"));

        doors.Clear();
        int refused = await RunAsync(line, line.DoesNot);
        await WaitForAsync(() => doors.Keys.Any(seen => seen.Status is 401 or 403 or 404), doors);
        Assert.NotEqual(0, refused);
        Assert.All(doors.Keys.Where(seen => seen.Status != 499 && !s_preparing.Contains(seen.Door)), seen => Assert.Contains(seen.Door, line.Doors));
    }

    private static async Task WaitForAsync(Func<bool> condition, ConcurrentDictionary<(string Door, int Status), bool> doors)
    {
        // A request is counted a moment after its answer was read.
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Yield();
            Assert.False(timeout.IsCancellationRequested, string.Join(", ", doors.Keys));
        }
    }

    private static IEnumerable<string> NamesOf(Command command, string before) => command.Subcommands.SelectMany(sub => (IEnumerable<string>)[before + sub.Name, .. NamesOf(sub, before + sub.Name + " ")]);

    private async Task<int> RunAsync(CommandLineOf line, string who)
    {
        string key = who == "unknown" ? "ind_r_" + new string('A', 43) : cast.KeyOf(who.Split('/')[0], who.Split('/')[1]);
        List<string> arguments = [.. line.Name.Split(' '), .. (await FillAsync(line.Arguments)).Split(' ', StringSplitOptions.RemoveEmptyEntries), "--key", key];
        if (!arguments.Contains("--url"))
        {
            arguments.AddRange(["--url", cast.Server.Url.ToString()]);
        }

        ParseResult parsed = IndelibleCommand.Make().Parse(arguments);
        Assert.Empty(parsed.Errors);
        using var ending = new CancellationTokenSource();
        long trail = cast.Server.Engine.Find("_access")!.Size;
        TextWriter output = Console.Out;
        TextWriter errors = Console.Error;
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        try
        {
            Task<int> run = parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, ending.Token);
            if (line.Name == "tail")
            {
                // It goes on until it is told to end: once what it does is entered; where it is refused, it ends by itself.
                using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
                await Task.WhenAny(run, FollowedAsync(trail, over.Token));
                await over.CancelAsync();
                await ending.CancelAsync();
            }

            return await run;
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    private async Task FollowedAsync(long next, CancellationToken cancellationToken)
    {
        Engine.LogReader trail = cast.Server.Engine.Find("_access")!;
        while (true)
        {
            await trail.WaitForGrowthAsync(next, cancellationToken);
            for (; next < trail.Size; next++)
            {
                if (trail.ReadEntry(next).Span.IndexOf("indelible.log.tail"u8) >= 0)
                {
                    return;
                }
            }
        }
    }

    private MeterListener Listen(ConcurrentDictionary<(string Door, int Status), bool> doors)
    {
        IMeterFactory meters = cast.Server.Services.GetRequiredService<IMeterFactory>();
        long began = Stopwatch.GetTimestamp();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "http.server.request.duration" && instrument.Meter.Scope == meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            // A tail that another test began is counted when the server has noticed that its reader went.
            if (seconds > Stopwatch.GetElapsedTime(began).TotalSeconds)
            {
                return;
            }

            string? method = null;
            string? route = null;
            int status = 0;
            foreach ((string name, object? value) in tags)
            {
                method = name == "http.request.method" ? (string?)value : method;
                route = name == "http.route" ? (string?)value : route;
                status = name == "http.response.status_code" ? (int)value! : status;
            }

            doors.TryAdd(($"{method} {route}", status), true);
        });
        listener.Start();
        return listener;
    }

    private async Task<string> FillAsync(string text)
    {
        string FileOf(string name, string content)
        {
            string path = Path.Combine(_folder, name);
            File.WriteAllText(path, content);
            return path;
        }

        foreach ((string word, Func<Task<string>> make) in new (string, Func<Task<string>>)[]
        {
            ("VKEY", () => Task.FromResult(cast.Server.Engine.Find(Cast.Log)!.Settings.Vkey)),
            ("KEY", cast.NewKeyAsync),
            ("PRINCIPAL", cast.NewPrincipalAsync),
            ("GRANT", cast.NewGrantAsync),
            ("SOURCE", cast.NewSourceAsync),
            ("EVENTS", () => Task.FromResult(FileOf("events.json", TestLog.Event(cast.Fresh())))),
            ("TRAIL", () => Task.FromResult(FileOf("trail.json", Trail))),
            ("FILE", () => Task.FromResult(Path.Combine(_folder, "out"))),
            ("NEW", () => Task.FromResult(cast.Fresh())),
            ("URL", () => Task.FromResult(cast.Server.Url.ToString().TrimEnd('/'))),
            ("LOG", () => Task.FromResult(Cast.Log)),
        })
        {
            if (text.Contains(word, StringComparison.Ordinal))
            {
                text = text.Replace(word, await make(), StringComparison.Ordinal);
            }
        }

        return text;
    }
}
