using System.Security.Cryptography.X509Certificates;
using Indelible.Detection;
using Indelible.Search;
using Indelible.Server.Connections;

namespace Indelible.Server.Streams;

/// <summary>What is sent of an entry.</summary>
internal enum StreamFormat
{
    /// <summary>Our own JSON: the exact entry, its index, log and leaf hash.</summary>
    Indelible,

    /// <summary>An OCSF event.</summary>
    Ocsf,
}

/// <summary>How entries stand in the body of a request.</summary>
internal enum HttpBody
{
    /// <summary>Each in a line.</summary>
    Lines,

    /// <summary>Each in an envelope with its time, as Splunk's HTTP Event Collector takes events.</summary>
    SplunkEvent,

    /// <summary>Each behind a line that names it, as Elasticsearch's <c>_bulk</c> takes documents; what is there already stays as it is.</summary>
    ElasticBulk,
}

/// <summary>Where a stream that was never sent begins.</summary>
/// <param name="IsNow">With what comes after the server started; else at <paramref name="Index"/>.</param>
/// <param name="Index">The first entry's.</param>
internal readonly record struct StreamStart(bool IsNow, long Index);

/// <summary>A stream of entries to another system, as a file of streams says.</summary>
/// <param name="Name">Its name: <c>[a-z0-9][a-z0-9-]{0,62}</c>.</param>
/// <param name="Logs">The logs' names, and for each where it stands in the file; those that a restore has put in their place are meant as well.</param>
/// <param name="Query">Which entries.</param>
/// <param name="QueryPlace">Where that stands.</param>
/// <param name="Format">What is sent of each.</param>
/// <param name="IsClear">Whether personal values are sent in clear.</param>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where to.</param>
internal sealed record StreamDefinition(
    string Name, IReadOnlyList<(string Name, RuleFault Place)> Logs, Query Query, RuleFault QueryPlace, StreamFormat Format, bool IsClear, StreamStart From, StreamTarget To)
{
    /// <summary>The word for what is sent of an entry.</summary>
    public string FormatWord => Format == StreamFormat.Ocsf ? "ocsf" : "indelible";
}

/// <summary>Where a stream goes.</summary>
/// <param name="Trust">How its certificate is checked, and what is shown to it.</param>
internal abstract record StreamTarget(StreamTrust Trust)
{
    /// <summary>The receiver as people may be told of it: scheme, host and port. Paths and queries may hold secrets.</summary>
    public abstract string Address { get; }
}

/// <summary>A collector that takes POSTs of entries, one a line.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Proxy">What it goes through; null for nothing, whatever the environment says.</param>
/// <param name="Headers">Sent along; values are secret.</param>
/// <param name="Body">How entries stand in a body.</param>
/// <param name="HasGzip">Whether bodies are compressed.</param>
/// <param name="Trust">See <see cref="StreamTarget"/>.</param>
internal sealed record HttpTarget(Uri Url, Uri? Proxy, IReadOnlyList<(string Name, string Value)> Headers, HttpBody Body, bool HasGzip, StreamTrust Trust) : StreamTarget(Trust)
{
    /// <inheritdoc/>
    public override string Address => Url.GetLeftPart(UriPartial.Authority);
}

/// <summary>A receiver of syslog messages over TLS (RFC 5425).</summary>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port.</param>
/// <param name="MessageBytes">The longest message that it takes.</param>
/// <param name="Trust">See <see cref="StreamTarget"/>.</param>
internal sealed record SyslogTarget(string Host, int Port, int MessageBytes, StreamTrust Trust) : StreamTarget(Trust)
{
    /// <inheritdoc/>
    public override string Address => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"syslog+tls://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}

/// <summary>How a receiver is known, and how it knows us.</summary>
/// <param name="Authorities">Who may vouch for its certificate; null for whom the system trusts.</param>
/// <param name="Own">The certificate that we show; null for none.</param>
internal sealed record StreamTrust(X509Certificate2Collection? Authorities, X509Certificate2? Own)
{
    /// <summary>The options of a TLS connection to a host.</summary>
    public System.Net.Security.SslClientAuthenticationOptions OptionsFor(string? host)
    {
        var options = new System.Net.Security.SslClientAuthenticationOptions
        {
            TargetHost = host,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = TrustedAuthorities.PolicyOf(Authorities),
        };
        if (Own is not null)
        {
            options.ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(Own, null, offline: true);
        }

        return options;
    }
}
