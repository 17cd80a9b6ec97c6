using System.Net;
using Indelible.AspNetCore.Identities;
using Indelible.AspNetCore.Secrets;

namespace Indelible.AspNetCore;

/// <summary>What is recorded of requests. Bound from the configuration section <c>Indelible:AspNetCore</c>; checked at the start.</summary>
public sealed class AuditOptions
{
    /// <summary>Which requests are recorded that nothing names. Default: those that are protected or can change something.</summary>
    public AuditScope Scope { get; set; } = AuditScope.Protected;

    /// <summary>Requests that are recorded because of their route. Default: none.</summary>
    public IList<AuditRoute> Routes { get; } = [];

    /// <summary>Route patterns, written as <see cref="AuditRoute.Pattern"/>, of requests that are noise. Default: none; health checks and static files are known without. Denials and failures are recorded all the same.</summary>
    public IList<string> Quiet { get; } = [];

    /// <summary>How the actor is read from the claims.</summary>
    public ActorMapping Actor { get; } = new();

    /// <summary>
    /// Networks of proxies whose <c>X-Forwarded-For</c> is believed, as in <c>10.0.0.0/8</c>. Default: none; the address is then the connection's, or what the application's own
    /// forwarded-headers middleware made of it.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>Whether <c>source.user_agent</c> is recorded. Default: yes.</summary>
    public bool UserAgent { get; set; } = true;

    /// <summary>Whether <c>request.path</c> is recorded beside the route's template: the raw path, a personal value. Default: no.</summary>
    public bool Path { get; set; }

    /// <summary>Query parameters that are recorded, by name. Default: none.</summary>
    public IList<string> Query { get; } = [];

    /// <summary>Request headers that are recorded, by name. Default: none.</summary>
    public IList<string> RequestHeaders { get; } = [];

    /// <summary>Response headers that are recorded, by name. Default: none.</summary>
    public IList<string> ResponseHeaders { get; } = [];

    /// <summary>Members of JSON and form bodies of requests that are recorded, by name; <c>a.b</c> for a member of a member. Default: none.</summary>
    public IList<string> RequestFields { get; } = [];

    /// <summary>Members of JSON bodies of responses that are recorded, by name. Default: none.</summary>
    public IList<string> ResponseFields { get; } = [];

    /// <summary>Bytes at the start of a body in which members are looked for: 16,384; 256 to 1,048,576. What follows passes unseen.</summary>
    public int BodyCap { get; set; } = 16_384;

    /// <summary>What is never recorded whatever is allowed: passwords, tokens, keys, card numbers.</summary>
    public SecretsDictionary Secrets { get; } = new();

    /// <summary>How long a request waits for the receipt of its intent where the mode is guaranteed: 2 seconds; 10 ms to 60 s. Then it is refused.</summary>
    public TimeSpan IntentBudget { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Events that may be on their way to the recorder at once: 10,000; 1 to 1,000,000. With a recorder that hangs, memory is bounded by this; further events are lost, counted, logged, and
    /// their number is recorded as <c>audit.capture.lost</c> when it goes on.
    /// </summary>
    public int MostPending { get; set; } = 10_000;

    internal IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (BodyCap is < 256 or > 1_048_576)
        {
            faults.Add($"BodyCap is {BodyCap}; it is 256 to 1,048,576 bytes.");
        }

        if (IntentBudget < TimeSpan.FromMilliseconds(10) || IntentBudget > TimeSpan.FromSeconds(60))
        {
            faults.Add($"IntentBudget is {IntentBudget}; it is 10 ms to 60 s.");
        }

        if (MostPending is < 1 or > 1_000_000)
        {
            faults.Add($"MostPending is {MostPending}; it is 1 to 1,000,000.");
        }

        faults.AddRange(TrustedProxies.Where(network => !IPNetwork.TryParse(network, out _) && !IPAddress.TryParse(network, out _))
            .Select(network => $"TrustedProxies: '{network}' is neither a network as in 10.0.0.0/8 nor an address."));
        foreach (AuditRoute route in Routes)
        {
            if (string.IsNullOrEmpty(route.Pattern))
            {
                faults.Add("Routes: one has no Pattern.");
            }

            try
            {
                if (route.Action is not null)
                {
                    ActionName.ThrowIfNot(route.Action);
                }

                if (route.Target is not null)
                {
                    ActionName.ThrowIfNoType(route.Target);
                }
            }
            catch (ArgumentException fault)
            {
                faults.Add($"Routes, {route.Pattern}: {fault.Message}");
            }
        }

        return faults;
    }
}
