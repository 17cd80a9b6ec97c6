using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Requests;

/// <summary>Finds what is to be recorded of a request. What depends on the endpoint alone is worked out once. Thread-safe.</summary>
internal sealed class PolicyBook
{
    private readonly ConditionalWeakTable<Endpoint, EndpointEntry> _known = [];
    private readonly (RoutePattern Pattern, AuditRoute Rule)[] _rules;
    private readonly RoutePattern[] _quiet;

    public PolicyBook(IOptions<AuditOptions> options)
    {
        _rules = [.. options.Value.Routes.Select(rule => (new RoutePattern(rule.Pattern), rule))];
        _quiet = [.. options.Value.Quiet.Select(pattern => new RoutePattern(pattern))];
    }

    /// <summary>The policy for a request to this endpoint, or to this path where no endpoint answers.</summary>
    public EndpointPolicy Find(Endpoint? endpoint, string method, PathString path)
    {
        if (endpoint is null)
        {
            return _rules.Length == 0 && _quiet.Length == 0 ? EndpointPolicy.None : Rules(EndpointPolicy.None, path.Value ?? "/", method);
        }

        EndpointEntry entry = _known.GetValue(endpoint, static endpoint => new EndpointEntry(EndpointPolicy.Of(endpoint)));
        if (entry.Own.Named || (_rules.Length == 0 && _quiet.Length == 0))
        {
            return entry.Own;
        }

        // One request in flight may overwrite another's answer for a second method: both are right, and the next asks again.
        (string Method, EndpointPolicy Policy)? last = entry.Last;
        if (last is { } found && found.Method == method)
        {
            return found.Policy;
        }

        EndpointPolicy policy = Rules(entry.Own, entry.Own.Route ?? path.Value ?? "/", method);
        if (entry.Own.Route is not null)
        {
            entry.Last = (method, policy);
        }

        return policy;
    }

    private EndpointPolicy Rules(EndpointPolicy own, string route, string method)
    {
        foreach ((RoutePattern pattern, AuditRoute rule) in _rules)
        {
            if ((rule.Methods.Count == 0 || rule.Methods.Contains(method, StringComparer.OrdinalIgnoreCase)) && pattern.Matches(route))
            {
                return own.With(rule);
            }
        }

        return Array.Exists(_quiet, pattern => pattern.Matches(route)) ? own with { Quiet = true } : own;
    }

    private sealed class EndpointEntry(EndpointPolicy own)
    {
        private sealed record Answer(string Method, EndpointPolicy Policy);

        private Answer? _last;

        public EndpointPolicy Own { get; } = own;

        public (string Method, EndpointPolicy Policy)? Last
        {
            get => Volatile.Read(ref _last) is { } answer ? (answer.Method, answer.Policy) : null;
            set => Volatile.Write(ref _last, value is { } given ? new Answer(given.Method, given.Policy) : null);
        }
    }
}
