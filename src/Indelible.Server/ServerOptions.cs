using System.Globalization;
using Indelible.Connections;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Storage.Files;
using Indelible.Server.Notifications;
using Indelible.Server.Secrets;
using Indelible.Server.Streams;
using Microsoft.Extensions.Configuration;

namespace Indelible.Server;

/// <summary>How the server runs: from a settings file, the environment (<c>INDELIBLE_…</c>) and flags, the later outranking the earlier.</summary>
public sealed class ServerOptions
{
    /// <summary>The names of all settings; as environment variables in capitals behind <c>INDELIBLE_</c>.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["data", "urls", "otlp_grpc", "tls_certificate", "tls_key", "insecure_http", "checkpoint_folder", "master_key", "publish_interval_ms", "seal_interval_ms", "journal_file_bytes", "journal_files_kept", "verify_interval_s", "verify_mib_per_second", "index", "index_memory_mib", "index_personal_memory_mib", "rules", "notify", "streams", "log_level",
            "key_events_per_second", "key_bytes_per_second", "key_queries_per_second", "address_events_per_second", "address_bytes_per_second", "address_requests_per_second", "failed_authentications_per_second"];

    /// <summary>The flag by which a copied folder is served. No setting: what is accepted once must not stay accepted.</summary>
    public const string AcceptCopyFlag = "accept_copy";

    /// <summary>What the rules are called that come with the product.</summary>
    public const string ShippedRulesName = "shipped";

    /// <summary>The data folder. Default <c>./data</c>.</summary>
    public string Data { get; private init; } = "./data";

    /// <summary>What to listen on, separated by semicolons. Default <c>http://127.0.0.1:7480</c>: this machine alone. Beyond it, <c>https</c>.</summary>
    public string Urls { get; private init; } = "http://127.0.0.1:7480";

    /// <summary>Where OpenTelemetry's gRPC is listened for alone, as an URL: <c>http</c> on this machine, <c>https</c> beyond it; null for nowhere but at <see cref="Urls"/>.</summary>
    public string? OtlpGrpc { get; private init; }

    /// <summary>The certificate in PEM, with those behind it; null where nothing is served by TLS. Default the one that <c>init --tls</c> made.</summary>
    public string? TlsCertificate { get; private init; }

    /// <summary>The certificate's private key in PEM.</summary>
    public string? TlsKey { get; private init; }

    /// <summary>Least level of what the server logs. Default <c>Information</c>.</summary>
    public LogLevel LogLevel { get; private init; } = LogLevel.Information;

    /// <summary>How often every log is verified in the background; zero for never. Default a day.</summary>
    public TimeSpan VerifyInterval { get; private init; } = TimeSpan.FromDays(1);

    /// <summary>Bytes a second that background verification reads. Default 16 MiB: a terabyte in a day.</summary>
    public long VerifyBytesPerSecond { get; private init; } = 16L << 20;

    /// <summary>Whether search indexes are kept. Default yes; without them every search looks at every entry.</summary>
    public bool HasIndex { get; private init; } = true;

    /// <summary>Memory for the indexes of entries that are in no sealed segment yet, all logs together. Default 64 MiB: some 300,000 entries.</summary>
    public long IndexMemoryBytes { get; private init; } = 64L << 20;

    /// <summary>Memory for the indexes of personal values that searches have opened. Default 256 MiB.</summary>
    public long IndexPersonalMemoryBytes { get; private init; } = 256L << 20;

    /// <summary>Rules that are asked of entries as they arrive: files of rules and folders with them, separated by semicolons, and <c>shipped</c> for those that come with the product. Default none.</summary>
    public IReadOnlyList<string> Rules { get; private init; } = [];

    /// <summary>Who is told of alerts, of a file in YAML; null for nobody. The file is read when the settings are.</summary>
    public NotifySettings? Notify { get; private init; }

    /// <summary>The streams to other systems, from the file that <c>streams</c> names. Default none.</summary>
    internal IReadOnlyList<StreamDefinition> Streams { get; private init; } = [];

    /// <summary>What a key may send in a second, where it has no limits of its own. Default none.</summary>
    public RateLimits KeyRates { get; private init; } = new(null, null, null);

    /// <summary>What an address may send in a second. Default none: behind a proxy, all callers have one address.</summary>
    public RateLimits AddressRates { get; private init; } = new(null, null, null);

    /// <summary>Keys that are not valid from one address in a second, 0 for no limit. Default <see cref="ServerLimits.FailedAuthenticationsPerSecond"/>.</summary>
    public int FailedAuthenticationsPerSecond { get; private init; } = ServerLimits.FailedAuthenticationsPerSecond;

    /// <summary>The engine's options.</summary>
    public EngineOptions Engine { get; private init; } = new();

    /// <summary>Reads the settings and says everything that is wrong with them at once.</summary>
    /// <param name="settingsFile">A JSON file, or null for none.</param>
    /// <param name="flags">What the command line gave; null where it gave nothing.</param>
    /// <param name="faults">What is wrong; empty where the options can be used.</param>
    public static ServerOptions Read(string? settingsFile, IReadOnlyDictionary<string, string?> flags, out IReadOnlyList<string> faults)
    {
        ArgumentNullException.ThrowIfNull(flags);
        var wrong = new List<string>();
        var builder = new ConfigurationBuilder();
        if (settingsFile is not null && !File.Exists(settingsFile))
        {
            wrong.Add($"settings file: there is none at {settingsFile}");
        }
        else if (settingsFile is not null)
        {
            builder.AddJsonFile(Path.GetFullPath(settingsFile));
        }

        IConfiguration settings;
        try
        {
            settings = builder
                .AddEnvironmentVariables("INDELIBLE_")
                .AddInMemoryCollection(flags.Where(flag => flag.Value is not null))
                .Build();
        }
        catch (InvalidDataException e)
        {
            wrong.Add($"settings file: {(e.InnerException ?? e).Message}");
            settings = new ConfigurationBuilder().AddInMemoryCollection(flags.Where(flag => flag.Value is not null)).Build();
        }

        if (settingsFile is not null && wrong.Count == 0)
        {
            IConfiguration file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(settingsFile)).Build();
            wrong.AddRange(file.GetChildren().Where(setting => !Names.Contains(setting.Key)).Select(setting => $"{setting.Key}: there is no such setting; they are {string.Join(", ", Names)}"));
            wrong.AddRange(file.GetChildren()
                .Where(setting => Names.Contains(setting.Key) && setting.GetChildren().Any())
                .Select(setting => $"{setting.Key}: one value, not a list or an object"));
        }

        ServerOptions options = Build(settings, flags.GetValueOrDefault(AcceptCopyFlag) is not null, wrong);
        wrong.AddRange(options.Engine.Faults());
        faults = wrong;
        return options;
    }

    private static ServerOptions Build(IConfiguration settings, bool acceptsCopy, List<string> wrong)
    {
        var defaults = new ServerOptions();
        string data = settings["data"] ?? defaults.Data;
        if (data.Length == 0)
        {
            wrong.Add("data: the path is empty");
        }

        string urls = settings["urls"] ?? defaults.Urls;
        string[] each = urls.Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (each.Length == 0)
        {
            wrong.Add("urls: there is none");
        }

        bool insecure = settings["insecure_http"] is { } insecureText && (bool.TryParse(insecureText, out bool isSaid) ? isSaid : Fault(wrong, $"insecure_http: '{insecureText}' is neither true nor false"));
        foreach (string url in each)
        {
            if (!TryUrl(url, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) || uri.PathAndQuery != "/")
            {
                wrong.Add($"urls: '{url}' is no URL like http://127.0.0.1:7480 or https://0.0.0.0:7480");
            }
            else if (uri.Scheme == Uri.UriSchemeHttp && !uri.IsLoopback && !insecure)
            {
                wrong.Add($"urls: '{url}' would send keys and entries in clear to other machines. Use https, or say insecure_http where something in front ends TLS");
            }
        }

        string? otlpGrpc = settings["otlp_grpc"] is { Length: > 0 } stated ? stated : null;
        if (otlpGrpc is not null && (!Uri.TryCreate("http://" + otlpGrpc, UriKind.Absolute, out Uri? at) || at.Authority != otlpGrpc || at.IsDefaultPort))
        {
            wrong.Add($"otlp_grpc: '{otlpGrpc}' is no HOST:PORT like 127.0.0.1:4317");
        }
        else if (otlpGrpc is not null && each.Any(url => TryUrl(url, out Uri? uri) && uri.Port == new Uri("http://" + otlpGrpc).Port))
        {
            wrong.Add($"otlp_grpc: the port of '{otlpGrpc}' is one of the urls', where gRPC is served as well");
        }

        else if (otlpGrpc is not null)
        {
            otlpGrpc = (new Uri("http://" + otlpGrpc).IsLoopback || insecure ? "http://" : "https://") + otlpGrpc;
        }

        (string? certificate, string? key) = TlsFiles(settings, data, each.Append(otlpGrpc ?? ""), wrong);
        LogLevel level = defaults.LogLevel;
        if (settings["log_level"] is { } levelText && (!Enum.TryParse(levelText, ignoreCase: true, out level) || !Enum.IsDefined(level)))
        {
            wrong.Add($"log_level: '{levelText}' is none of {string.Join(", ", Enum.GetNames<LogLevel>())}");
        }

        if (settings["verify_mib_per_second"] is "0")
        {
            wrong.Add("verify_mib_per_second: at least 1; verify_interval_s is 0 for no verification");
        }

        string[] rules = (settings["rules"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        wrong.AddRange(rules.Where(path => path != ShippedRulesName && !File.Exists(path) && !Directory.Exists(path)).Select(path => $"rules: there is no file or folder {path}; '{ShippedRulesName}' are those that come with the product"));

        NotifySettings? notify = null;
        if (settings["notify"] is { Length: > 0 } notifyFile && !NotifyFile.TryRead(notifyFile, TimeProvider.System.GetUtcNow(), out notify, out IReadOnlyList<RuleFault> notifyFaults))
        {
            wrong.AddRange(notifyFaults.Select(fault => $"notify: {fault}"));
        }

        IReadOnlyList<StreamDefinition> streams = [];
        if (settings["streams"] is { Length: > 0 } streamFile)
        {
            streams = StreamFile.Read(streamFile, TimeProvider.System.GetUtcNow(), out IReadOnlyList<RuleFault> streamFaults);
            wrong.AddRange(streamFaults.Select(fault => $"streams: {fault}"));
        }

        ReadOnlyMemory<byte>? masterKey = null;
        if (settings["master_key"] is { Length: > 0 } reference)
        {
            try
            {
                masterKey = MasterKeyReference.Resolve(reference);
            }
            catch (SecretNotFoundException e)
            {
                wrong.Add($"master_key: {e.Message}");
            }
        }

        return new ServerOptions
        {
            Data = data,
            Urls = urls,
            OtlpGrpc = otlpGrpc,
            TlsCertificate = certificate,
            TlsKey = key,
            LogLevel = level,
            VerifyInterval = TimeSpan.FromSeconds(Number(settings, "verify_interval_s", 86_400, wrong)),
            HasIndex = settings["index"] is not { } indexText || (bool.TryParse(indexText, out bool hasIndex) ? hasIndex : Fault(wrong, $"index: '{indexText}' is neither true nor false")),
            IndexMemoryBytes = (long)Number(settings, "index_memory_mib", 64, wrong) << 20,
            IndexPersonalMemoryBytes = (long)Number(settings, "index_personal_memory_mib", 256, wrong) << 20,
            Rules = rules,
            Notify = notify,
            Streams = streams,
            VerifyBytesPerSecond = (long)Math.Max(1, Number(settings, "verify_mib_per_second", 16, wrong)) << 20,
            KeyRates = new RateLimits(
                Number(settings, "key_events_per_second", 0, wrong), Number(settings, "key_bytes_per_second", 0, wrong), Number(settings, "key_queries_per_second", 0, wrong)),
            AddressRates = new RateLimits(
                Number(settings, "address_events_per_second", 0, wrong), Number(settings, "address_bytes_per_second", 0, wrong), Number(settings, "address_requests_per_second", 0, wrong)),
            FailedAuthenticationsPerSecond = Number(settings, "failed_authentications_per_second", ServerLimits.FailedAuthenticationsPerSecond, wrong),
            Engine = new EngineOptions
            {
                CheckpointFolder = settings["checkpoint_folder"],
                MasterKey = masterKey,
                AcceptsCopy = acceptsCopy,
                PublishInterval = TimeSpan.FromMilliseconds(Number(settings, "publish_interval_ms", 1000, wrong)),
                SealInterval = TimeSpan.FromMilliseconds(Number(settings, "seal_interval_ms", 1000, wrong)),
                Journal = new FileJournalOptions
                {
                    FileBytes = Number(settings, "journal_file_bytes", 32 << 20, wrong),
                    FilesKept = Number(settings, "journal_files_kept", 4, wrong),
                },
            },
        };
    }

    /// <summary>The certificate and its key, where any URL needs them.</summary>
    private static (string? Certificate, string? Key) TlsFiles(IConfiguration settings, string data, IEnumerable<string> urls, List<string> wrong)
    {
        string? certificate = settings["tls_certificate"] is { Length: > 0 } one ? one : null;
        string? key = settings["tls_key"] is { Length: > 0 } other ? other : null;
        if (certificate is null != key is null)
        {
            wrong.Add(certificate is null ? "tls_certificate: there is a tls_key and no certificate" : "tls_key: there is a tls_certificate and no key");
            return default;
        }

        if (!urls.Any(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
        {
            if (certificate is not null)
            {
                wrong.Add("urls: there is a certificate, and nothing is served by https");
            }

            return default;
        }

        if (certificate is null && data.Length > 0 && new DataFolder(data).TlsFolder is var folder && File.Exists(Path.Combine(folder, DevelopmentCertificate.CertificateFile)))
        {
            (certificate, key) = (Path.Combine(folder, DevelopmentCertificate.CertificateFile), Path.Combine(folder, DevelopmentCertificate.KeyFile));
        }

        if (certificate is null)
        {
            wrong.Add("tls_certificate: https needs a certificate and its tls_key, both in PEM; 'indelible init --tls' makes one to try it with");
        }

        return (certificate, key);
    }

    private static bool TryUrl(string url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? uri) =>
        Uri.TryCreate(url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out uri);

    private static bool Fault(List<string> wrong, string fault)
    {
        wrong.Add(fault);
        return false;
    }

    private static int Number(IConfiguration settings, string name, int otherwise, List<string> wrong)
    {
        if (settings[name] is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            return value;
        }

        wrong.Add($"{name}: '{text}' is no whole number");
        return otherwise;
    }
}
