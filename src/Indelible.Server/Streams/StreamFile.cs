using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Indelible.Detection;
using Indelible.Engine.Configuration;
using Indelible.Search;
using Indelible.Server.Connections;
using Indelible.Server.Secrets;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Server.Streams;

/// <summary>Reads a file of streams: YAML, as docs/streams.md describes it. Whatever is wrong is named by line and column; of each stream the first fault.</summary>
internal sealed class StreamFile
{
    private static readonly string[] s_ourHeaders =
        ["Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Authorization"];

    private readonly string _path;
    private readonly DateTimeOffset _now;
    private readonly List<RuleFault> _faults = [];

    private StreamFile(string path, DateTimeOffset now) => (_path, _now) = (path, now);

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path; those in it are relative to its folder.</param>
    /// <param name="now">What relative times in queries are relative to.</param>
    /// <param name="faults">What is wrong; empty where the streams can be used.</param>
    public static IReadOnlyList<StreamDefinition> Read(string path, DateTimeOffset now, out IReadOnlyList<RuleFault> faults)
    {
        var file = new StreamFile(path, now);
        IReadOnlyList<StreamDefinition> streams = file.ReadAll();
        faults = file._faults;
        return streams;
    }

    private List<StreamDefinition> ReadAll()
    {
        var streams = new List<StreamDefinition>();
        try
        {
            var info = new FileInfo(_path);
            if (info.Length > DetectionLimits.FileBytes)
            {
                throw new RuleFaultException(Mark.Empty, $"The file has {info.Length} bytes; at most {DetectionLimits.FileBytes} are read.");
            }

            IReadOnlyList<YamlMappingNode> documents = YamlDocuments.Read(File.ReadAllText(_path, new UTF8Encoding(false, throwOnInvalidBytes: true)));
            if (documents is not [var document])
            {
                throw new RuleFaultException(documents.Count == 0 ? Mark.Empty : documents[1].Start, "A file of streams is one document: streams, and a list of them.");
            }

            var root = new RuleMap(document);
            Refuse(root, "streams");
            if (root.Find("streams") is not YamlSequenceNode { Children.Count: > 0 and <= ServerLimits.Streams } list)
            {
                throw new RuleFaultException(root.PlaceOf("streams"), $"streams has to be a list of 1 to {ServerLimits.Streams} streams.");
            }

            foreach (YamlNode item in list.Children)
            {
                if (TryRead(item, out StreamDefinition? stream))
                {
                    if (streams.Any(other => other.Name == stream.Name))
                    {
                        Add(item.Start, $"There is another stream {stream.Name}.");
                    }

                    streams.Add(stream);
                }
            }
        }
        catch (RuleFaultException e)
        {
            Add(e.Place, e.Message);
        }
        catch (DecoderFallbackException)
        {
            Add(Mark.Empty, "The file is no UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Add(Mark.Empty, e is FileNotFoundException or DirectoryNotFoundException ? "There is no such file." : e.Message);
        }

        return streams;
    }

    private bool TryRead(YamlNode item, [NotNullWhen(true)] out StreamDefinition? stream)
    {
        stream = null;
        try
        {
            stream = ReadStream(item is YamlMappingNode map ? new RuleMap(map) : throw new RuleFaultException(item.Start, "A stream is a map of members, as name, log and to; this is none."));
        }
        catch (RuleFaultException e)
        {
            Add(e.Place, e.Message);
        }

        return stream is not null;
    }

    private StreamDefinition ReadStream(RuleMap map)
    {
        Refuse(map, "name", "log", "query", "format", "personal", "from", "to");
        string name = map.RequireText("name");
        if (name.Length > 63 || !char.IsAsciiLetterOrDigit(name[0]) || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
        {
            throw new RuleFaultException(map.PlaceOf("name"), "A stream's name has 1 to 63 of a to z, 0 to 9 and -, and begins with a letter or digit.");
        }

        (string, RuleFault)[] logs = [.. LogsOf(map)];
        return new StreamDefinition(
            name, logs, QueryOf(map), Place(map.PlaceOf("query")),
            Word(map, "format", "indelible", "ocsf") == "ocsf" ? StreamFormat.Ocsf : StreamFormat.Indelible,
            Word(map, "personal", "masked", "clear") == "clear",
            StartOf(map, logs.Length),
            TargetOf(map.RequireMap("to")));
    }

    private IEnumerable<(string Name, RuleFault Place)> LogsOf(RuleMap map)
    {
        YamlNode[] nodes = map.Find("log") switch
        {
            YamlSequenceNode list => [.. list.Children],
            { } one => [one],
            null => throw new RuleFaultException(map.Place, "The member log is missing: which log, or a list of them."),
        };
        if (nodes.Length is 0 or > ServerLimits.StreamLogs)
        {
            throw new RuleFaultException(map.PlaceOf("log"), $"A stream has 1 to {ServerLimits.StreamLogs} logs.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (YamlNode node in nodes)
        {
            string log = RuleMap.TextOf(node, "log");
            if (!LogName.CanBe(log))
            {
                throw new RuleFaultException(node.Start, $"No log can have the name {VisibleText.Excerpt(log)}.");
            }

            // One that a restore has put in the place of another would be sent twice.
            yield return seen.Add(LogName.LineOf(log)) ? (log, Place(node.Start)) : throw new RuleFaultException(node.Start, $"The log {log} is there twice, or goes on in the place of one that is there.");
        }
    }

    private Query QueryOf(RuleMap map) => map.Text("query") is not { } text
        ? Query.All
        : Query.TryParse(text, _now, out Query? query, out QueryError? error)
            ? query
            : throw new RuleFaultException(map.PlaceOf("query"), $"The query cannot be read: {error}.");

    private static StreamStart StartOf(RuleMap map, int logs)
    {
        string text = map.Text("from") ?? "start";
        if (text is "start" or "now")
        {
            return new StreamStart(text == "now", 0);
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long index))
        {
            throw new RuleFaultException(map.PlaceOf("from"), "from is start, now, or the index of an entry.");
        }

        return logs == 1 ? new StreamStart(false, index) : throw new RuleFaultException(map.PlaceOf("from"), "An index is one log's: a stream of several logs begins at start or now.");
    }

    private StreamTarget TargetOf(RuleMap to)
    {
        Refuse(to, "http", "syslog");
        return (to.Map("http"), to.Map("syslog")) switch
        {
            ({ } http, null) => HttpOf(http),
            (null, { } syslog) => SyslogOf(syslog),
            _ => throw new RuleFaultException(to.Place, "A stream goes either to http or to syslog."),
        };
    }

    private HttpTarget HttpOf(RuleMap map)
    {
        Refuse(map, "url", "headers", "body", "gzip", "insecure", "proxy", "ca", "certificate", "key");
        string text = SecretText.Of(map.Find("url") ?? throw new RuleFaultException(map.Place, "The member url is missing."), "url");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Fragment.Length > 0)
        {
            throw new RuleFaultException(map.PlaceOf("url"), "url is no URL like https://collector.example:8088/services/collector/raw.");
        }

        if (url.UserInfo.Length > 0)
        {
            throw new RuleFaultException(map.PlaceOf("url"), "A URL with a name and password is not taken: send a header Authorization.");
        }

        if (url.Scheme == "http" && !IsTrue(map, "insecure"))
        {
            throw new RuleFaultException(map.PlaceOf("url"), "This would send entries and headers in clear: use https, or say insecure: true.");
        }

        Uri? proxy = null;
        if (map.Text("proxy") is { } through && (!Uri.TryCreate(through, UriKind.Absolute, out proxy) || proxy.Scheme is not ("http" or "https") || proxy.UserInfo.Length > 0))
        {
            throw new RuleFaultException(map.PlaceOf("proxy"), "proxy is no URL like http://proxy.example:3128.");
        }

        HttpBody body = Word(map, "body", "lines", "splunk_event", "elastic_bulk") switch
        {
            "splunk_event" => HttpBody.SplunkEvent,
            "elastic_bulk" => HttpBody.ElasticBulk,
            _ => HttpBody.Lines,
        };
        return new HttpTarget(url, proxy, HeadersOf(map.Map("headers")), body, IsTrue(map, "gzip"), TrustOf(map));
    }

    private static List<(string Name, string Value)> HeadersOf(RuleMap? map)
    {
        var headers = new List<(string Name, string Value)>();
        foreach ((string name, YamlNode key, YamlNode value) in map?.Members ?? [])
        {
            if (name.Length is 0 or > 128 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || s_ourHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new RuleFaultException(key.Start, s_ourHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) ? $"The header {name} is not a stream's to say." : "A header's name has letters, digits, - and _.");
            }

            if (headers.Count == ServerLimits.StreamHeaders || headers.Any(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                throw new RuleFaultException(key.Start, $"A stream has at most {ServerLimits.StreamHeaders} headers, each once.");
            }

            string text = SecretText.Of(value, name);
            if (text.Length > ServerLimits.HeaderBytes / 4 || text.Any(c => c is < ' ' or > '~'))
            {
                // Not what it is: it may be a secret.
                throw new RuleFaultException(value.Start, $"The header {name} has at most {ServerLimits.HeaderBytes / 4} visible characters of ASCII.");
            }

            headers.Add((name, text));
        }

        return headers;
    }

    private SyslogTarget SyslogOf(RuleMap map)
    {
        Refuse(map, "host", "port", "message_bytes", "ca", "certificate", "key");
        string host = map.RequireText("host");
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw new RuleFaultException(map.PlaceOf("host"), $"{VisibleText.Excerpt(host)} is neither a host's name nor an address.");
        }

        return new SyslogTarget(
            host,
            Number(map, "port", 6514, 1, ushort.MaxValue),
            Number(map, "message_bytes", ServerLimits.StreamMessageBytes, ServerLimits.StreamMessageBytesLeast, ServerLimits.StreamMessageBytesMost),
            TrustOf(map));
    }

    private StreamTrust TrustOf(RuleMap map)
    {
        string? certificate = map.Text("certificate");
        string? key = map.Text("key");
        if (certificate is null != key is null)
        {
            throw new RuleFaultException(map.PlaceOf(certificate is null ? "key" : "certificate"), "certificate and key go together: both in PEM.");
        }

        X509Certificate2? own = null;
        if (certificate is not null && key is not null)
        {
            Load(map, "certificate", () => own = X509Certificate2.CreateFromPemFile(PathOf(certificate), PathOf(key)));
        }

        return new StreamTrust(TrustedAuthorities.Read(map, Path.GetDirectoryName(Path.GetFullPath(_path))!), own);
    }

    private static void Load(RuleMap map, string member, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Of a file that is no PEM, the message holds nothing of it.
            throw new RuleFaultException(map.PlaceOf(member), $"{member} cannot be read: {e.Message}");
        }
    }

    private string PathOf(string path) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(_path))!, path);

    private static bool IsTrue(RuleMap map, string member) => map.Text(member) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw new RuleFaultException(map.PlaceOf(member), $"{member} is true or false."),
    };

    private static int Number(RuleMap map, string member, int otherwise, int least, int most) => map.Text(member) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new RuleFaultException(map.PlaceOf(member), $"{member} is a whole number from {least} to {most}.");

    private static string Word(RuleMap map, string member, params string[] words) => map.Text(member) is not { } word
        ? words[0]
        : words.Contains(word) ? word : throw new RuleFaultException(map.PlaceOf(member), $"{member} is {string.Join(" or ", words)}.");

    private static void Refuse(RuleMap map, params string[] known)
    {
        foreach ((string name, YamlNode key, _) in map.Members.Where(member => !known.Contains(member.Name)))
        {
            throw new RuleFaultException(key.Start, $"There is no member {VisibleText.Excerpt(name)} here; there are {string.Join(", ", known)}.");
        }
    }

    private RuleFault Place(Mark mark) => new(_path, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column), "");

    private void Add(Mark mark, string reason) => _faults.Add(Place(mark) with { Reason = reason });
}
