using System.CommandLine;
using System.Text.Json;
using Indelible.Client;
using Indelible.Keys;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible append</c>: events from a file or standard input into a log.</summary>
internal static class AppendCommand
{
    public static Command Make()
    {
        var file = new Argument<string>("file") { Description = "A file of events, JSON or one a line; - for standard input", DefaultValueFactory = _ => "-" };
        Option<string> log = CommandOptions.Log();
        var follow = new Option<bool>("--follow") { Description = "Go on as the file grows, an event a line, until interrupted" };
        var ack = new Option<string>("--ack") { Description = "What to wait for", DefaultValueFactory = _ => "durable" };
        ack.AcceptOnlyFromAmong("durable", "published");
        var receipts = new Option<string?>("--receipts") { Description = "A file to append the server's answers to: the signed receipts, an answer a line" };
        var receiptsVkey = new Option<string?>("--receipts-vkey") { Description = "The key that signs them, from a source that you trust: each receipt is verified as it comes" };
        Option<string> url = CommandOptions.Url();
        Option<string?> key = CommandOptions.Key();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("append", "Append events (needs a writer's key)") { file, log, follow, ack, receipts, receiptsVkey, url, key, json };
        command.SetAction((parsed, cancel) => CommandOptions.WithServerAsync(parsed, url, key, api => RunAsync(
            api,
            parsed.GetValue(file)!,
            parsed.GetValue(log)!,
            parsed.GetValue(follow),
            parsed.GetValue(ack)!,
            parsed.GetValue(receipts),
            parsed.GetValue(receiptsVkey),
            parsed.GetValue(json),
            cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        ApiClient api, string file, string log, bool follow, string ack, string? receiptsFile, string? receiptsVkey, bool asJson, CancellationToken cancellationToken)
    {
        AnswerCheck? check;
        try
        {
            check = receiptsVkey is null ? null : new AnswerCheck(Ed25519NoteVerifier.FromVkey(receiptsVkey).VerifierKey, log, () => HandoversAsync(api, log, cancellationToken));
        }
        catch (TlogFormatException e)
        {
            return CommandOptions.Fail("--receipts-vkey: " + e.Message);
        }

        if (receiptsFile is not null && check is null)
        {
            Console.Error.WriteLine("The receipts are kept as they come. With --receipts-vkey they would be verified too: what the server did not promise, nobody can demand later.");
        }

        await using Stream input = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        await using StreamWriter? receipts = receiptsFile is null ? null : new StreamWriter(receiptsFile, append: true);
        var sender = new EventSender(api, log, "ack=" + ack)
        {
            OnRefused = (position, fault) => Console.Error.WriteLine(Terminal.Clean($"event {position} was refused: {fault}")),
            OnAnswer = async answer =>
            {
                receipts?.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                if (check is not null)
                {
                    await check.TakeAsync(answer.RootElement);
                }

                if (asJson)
                {
                    Console.WriteLine(Terminal.CleanJson(answer.RootElement.GetRawText()));
                }
            },
        };
        await foreach (ReadOnlyMemory<byte> claim in EventText.ReadAsync(input, follow && file != "-", sender.FlushAsync, cancellationToken))
        {
            await sender.AddAsync(claim, cancellationToken);
        }

        await sender.FlushAsync(cancellationToken);
        if (!asJson)
        {
            Console.WriteLine($"{sender.Appended} events appended to {log}, {sender.Repeated} were there already, {sender.Refused} refused.");
        }

        foreach (string fault in check?.Faults ?? [])
        {
            Console.Error.WriteLine(Terminal.Clean(fault));
        }

        return check is { Faults.Count: > 0 } ? ExitCode.NotValid : sender.Refused == 0 ? ExitCode.Done : ExitCode.Usage;
    }

    /// <summary>The handovers of the receipts' key as the server shows them; none where it shows none.</summary>
    private static async Task<byte[]> HandoversAsync(ApiClient api, string log, CancellationToken cancellationToken)
    {
        try
        {
            return await api.GetBytesAsync($"logs/{Uri.EscapeDataString(log)}/receipts-handovers", cancellationToken);
        }
        catch (ApiException)
        {
            return [];
        }
    }
}

/// <summary>Divides a text into events: one JSON value, an array of them, or one a line.</summary>
internal static class EventText
{
    /// <summary>The events of a text.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="follow">Whether to wait for more at the end, which makes it lines.</param>
    /// <param name="atPause">Called when following and nothing more is there for the moment.</param>
    /// <param name="cancellationToken">Ends the reading; when following, that is the end.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        Stream input, bool follow, Func<CancellationToken, Task> atPause, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!follow)
        {
            using var whole = new MemoryStream();
            await input.CopyToAsync(whole, cancellationToken);
            ReadOnlyMemory<byte> text = whole.GetBuffer().AsMemory(0, (int)whole.Length);
            foreach (ReadOnlyMemory<byte> item in Divide(text))
            {
                yield return item;
            }

            yield break;
        }

        using var line = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        while (!cancellationToken.IsCancellationRequested)
        {
            int read = await input.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                await atPause(cancellationToken);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            for (int at = 0; at < read; at++)
            {
                if (buffer[at] != (byte)'\n')
                {
                    line.WriteByte(buffer[at]);
                }
                else if (line.Length > 0)
                {
                    yield return line.ToArray();
                    line.SetLength(0);
                }
            }
        }
    }

    /// <summary>A text that is one JSON value is that, or its elements where it is an array; any other is taken line by line.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Divide(ReadOnlyMemory<byte> text)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            // Lines, then; a line that is no event the server names.
        }

        using (document)
        {
            if (document is { RootElement.ValueKind: JsonValueKind.Array })
            {
                foreach (JsonElement element in document.RootElement.EnumerateArray())
                {
                    yield return OneLine(element);
                }

                yield break;
            }

            if (document is not null)
            {
                yield return OneLine(document.RootElement);
                yield break;
            }
        }

        while (!text.IsEmpty)
        {
            int end = text.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                yield return line;
            }
        }
    }

    /// <summary>A value spread over lines, without its line feeds: they may only stand between tokens.</summary>
    private static ReadOnlyMemory<byte> OneLine(JsonElement element) =>
        System.Text.Encoding.UTF8.GetBytes(element.GetRawText().Replace('\n', ' ').Replace('\r', ' '));
}
