using System.Security.Cryptography;
using System.Text;
using Indelible.Client;
using Indelible.Verification;

namespace Indelible.Cli.Commands;

/// <summary>Takes one export: to a file that is there only when it is whole, with its manifest beside it; or to standard output.</summary>
/// <remarks>What has arrived is hashed and compared with the manifest. What was cut off stays under <c>FILE.partial</c>.</remarks>
internal sealed class FileExport(ApiClient api, string log, string path, bool asJson)
{
    private const string ManifestExtension = ".manifest.json";
    private const string PartialExtension = ".partial";
    private const int BufferBytes = 128 << 10;
    private const long ProgressStep = 1 << 20;

    private long _bytes;

    private string Kept => path == "-" ? "" : $" What has arrived is in {path}{PartialExtension}.";

    /// <summary>Takes it.</summary>
    /// <param name="request">What to ask the server for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> RunAsync(string request, CancellationToken cancellationToken)
    {
        if (path == "-" && (Painter.IsTerminal || asJson))
        {
            return CommandOptions.Fail(asJson ? "--json: of an export to standard output there is no room for it; name a file." : "--out: name a file, or send standard output to one: a terminal is no place for an export.");
        }

        await using ApiDownload download = await api.DownloadAsync(request, cancellationToken);
        string id = download.Header("Indelible-Export") ?? throw new IOException("The server's answer does not say which export it is.");
        string? fault = null;
        string sha256 = "";
        try
        {
            sha256 = await SaveAsync(download.Body, cancellationToken);
        }
        catch (IOException e) when (e is HttpIOException || e.InnerException is not null)
        {
            fault = e.Message;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine(Terminal.Clean($"The export was ended before it was complete.{Kept}"));
            return ExitCode.CouldNotTell;
        }

        ExportManifest? manifest = await FindManifestAsync(id, cancellationToken);
        fault ??= manifest is null ? "the server tells nothing of its end" : FaultOf(manifest, sha256);
        if (fault is not null)
        {
            string why = manifest is { IsComplete: false, Broken: { } broken } ? $" The server says: {broken}." : "";
            Console.Error.WriteLine(Terminal.Clean($"The export is not complete: {fault.TrimEnd('.')}.{why}{Kept}"));
            return ExitCode.CouldNotTell;
        }

        Finish(manifest!);
        return ExitCode.Done;
    }

    private async Task<string> SaveAsync(Stream body, CancellationToken cancellationToken)
    {
        await using Stream output = path == "-" ? Console.OpenStandardOutput() : new FileStream(path + PartialExtension, FileMode.Create, FileAccess.Write, FileShare.None);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferBytes];
        long next = ProgressStep;
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            _bytes += read;
            if (_bytes >= next)
            {
                next = _bytes + ProgressStep;
                ShowProgress($"\r{_bytes >> 20} MiB");
            }
        }

        ShowProgress("\r                    \r");
        if (output is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private async Task<ExportManifest?> FindManifestAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return ExportManifest.Parse(await api.GetBytesAsync($"api/logs/{Uri.EscapeDataString(log)}/exports/{Uri.EscapeDataString(id)}", cancellationToken));
        }
        catch (Exception e) when (e is ApiException or TlogFormatException or IOException)
        {
            return null;
        }
    }

    private string? FaultOf(ExportManifest manifest, string sha256) =>
        !manifest.IsComplete ? "it was cut off"
        : manifest.Sha256 != sha256 || manifest.Bytes != _bytes ? $"{_bytes} bytes of SHA-256 {sha256} have arrived, and the manifest is of {manifest.Bytes} of {manifest.Sha256}"
        : null;

    /// <summary>The file first, then its manifest: where both are, they belong together.</summary>
    private void Finish(ExportManifest manifest)
    {
        string covers = $"{QueryOptions.Grouped(manifest.Count)} entries of {manifest.Origin} for {manifest.Query}, as of size {manifest.AsOf}; SHA-256 {manifest.Sha256}";
        if (path == "-")
        {
            Console.Error.WriteLine(Terminal.Clean(covers + "."));
            return;
        }

        File.Delete(path + ManifestExtension);
        File.Move(path + PartialExtension, path, overwrite: true);
        string temporary = path + ManifestExtension + PartialExtension;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(manifest.ToJson());
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path + ManifestExtension, overwrite: true);
        if (asJson)
        {
            Console.WriteLine(Terminal.CleanJson(Encoding.UTF8.GetString(manifest.ToJson()).TrimEnd('\n')));
            return;
        }

        Console.WriteLine(Terminal.Clean($"{covers}. In {path}, with {path}{ManifestExtension}."));
        if (manifest.Proofs)
        {
            Console.WriteLine(Terminal.Clean($"Verify with: indelible verify --vkey VKEY --export {path}"));
        }
    }

    private static void ShowProgress(string text)
    {
        if (!Console.IsErrorRedirected)
        {
            // Past the guard of the terminal: a carriage return is what it is there to keep out.
            using Stream error = Console.OpenStandardError();
            error.Write(Encoding.ASCII.GetBytes(text));
        }
    }
}
