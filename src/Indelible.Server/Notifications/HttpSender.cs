using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Indelible.Detection;
using Indelible.Server.Connections;

namespace Indelible.Server.Notifications;

/// <summary>Posts JSON to one URL. No redirection is followed, no cookie kept, and nothing of an answer is read but its status and <c>Retry-After</c>.</summary>
internal sealed class HttpSender : IDisposable
{
    /// <summary>The members of a destination that say where it is.</summary>
    public static readonly string[] Members = ["url", "insecure", "ca", "proxy"];

    private readonly Uri _url;
    private readonly HttpClient _http;

    private HttpSender(Uri url, Uri? proxy, X509Certificate2Collection? authorities)
    {
        _url = url;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            UseProxy = proxy is not null,
            Proxy = proxy is null ? null : new WebProxy(proxy),
            PooledConnectionLifetime = ServerLimits.NotifyConnection,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustedAuthorities.PolicyOf(authorities) },
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Reads where it is.</summary>
    /// <exception cref="RuleFaultException">Something is wrong.</exception>
    public static Func<HttpSender> Read(RuleMap map)
    {
        Uri url = map.Url(map.Flag("insecure"));
        Uri? proxy = map.Has("proxy") ? map.Url(isInsecure: true, "proxy") : null;
        X509Certificate2Collection? authorities = TrustedAuthorities.Read(map);
        return () => new HttpSender(url, proxy, authorities);
    }

    /// <summary>Posts a body.</summary>
    /// <param name="body">JSON in UTF-8.</param>
    /// <param name="change">Adds headers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null: it was taken as a whole.</returns>
    /// <exception cref="NotifyFailedException">It was not taken.</exception>
    public async Task<string?> PostAsync(ReadOnlyMemory<byte> body, Action<HttpRequestHeaders> change, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Indelible", null));
        change(request.Headers);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new NotifyFailedException($"it could not be reached: {WordsOf(e)}", inner: e);
        }

        using (response)
        {
            int status = (int)response.StatusCode;
            return response.IsSuccessStatusCode
                ? null
                : throw new NotifyFailedException(status is >= 300 and < 400 ? $"it answered {status}; redirections are not followed" : $"it answered {status}", RetryAfterOf(response));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Why, without what the other side wrote: the runtime's messages repeat it.</summary>
    private static string WordsOf(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.SecureConnectionError when e.InnerException is AuthenticationException inner => VisibleText.Clean(inner.Message),
        HttpRequestError.InvalidResponse => "its answer is no HTTP",
        HttpRequestError.ResponseEnded => "it ended the connection before it answered",
        _ when e.InnerException is SocketException socket => $"{e.HttpRequestError} ({socket.SocketErrorCode})",
        var other => other.ToString(),
    };

    private static TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,

        // By the other side's clock, if it says what that is: ours may be another.
        { Date: { } date } when response.Headers.Date is { } now => date - now,
        _ => null,
    };
}
