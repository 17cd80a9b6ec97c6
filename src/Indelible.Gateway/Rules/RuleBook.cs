using System.Security.Claims;
using Indelible.AspNetCore;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Indelible.Gateway.Rules;

/// <summary>What a rule, or the lack of one, says of a request.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Effect">Allow, deny, or a challenge to somebody who is not known.</param>
/// <param name="Endpoint">What the request counts as: carries the recording's attributes and the route.</param>
/// <param name="Values">The parts of the path that the rule names.</param>
/// <param name="IsFirst">Whether it is recorded before it is passed on.</param>
internal sealed record RuleVerdict(string Rule, DecisionEffect Effect, Endpoint Endpoint, RouteValueDictionary Values, bool IsFirst);

/// <summary>All rules as they are at one time. Immutable.</summary>
internal sealed class RuleBook
{
    /// <summary>The name under which requests are decided that no rule matches.</summary>
    public const string NoRule = "default";

    private readonly CompiledRule[] _rules;
    private readonly IReadOnlyList<AccessRule> _stated;
    private readonly CompiledRule _otherwise;

    /// <param name="rules">In their order.</param>
    /// <param name="denyByDefault">What becomes of requests that none matches.</param>
    /// <param name="failClosed">Whether those that do not say are recorded first.</param>
    public RuleBook(IReadOnlyList<AccessRule> rules, bool denyByDefault, bool failClosed)
    {
        _stated = rules;
        _rules = [.. rules.Where(rule => FaultsOf(rule).Count == 0).Select(rule => new CompiledRule(rule, failClosed, isNamed: true))];
        _otherwise = new CompiledRule(new AccessRule { Name = NoRule, Effect = denyByDefault ? RuleEffect.Deny : RuleEffect.Allow }, failClosed, isNamed: failClosed);
    }

    /// <summary>How many there are.</summary>
    public int Count => _stated.Count;

    /// <summary>What is wrong with them.</summary>
    public IEnumerable<string> Faults()
    {
        for (int i = 0; i < _stated.Count; i++)
        {
            foreach (string fault in FaultsOf(_stated[i]))
            {
                yield return $"rules[{i}]{(_stated[i].Name.Length > 0 ? $" '{_stated[i].Name}'" : "")}: {fault}";
            }
        }

        foreach (IGrouping<string, AccessRule> same in _stated.GroupBy(rule => rule.Name, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            yield return $"rules: the name '{same.Key}' is there twice";
        }
    }

    /// <summary>Decides a request: the first rule that matches does. One that would allow a caller who was known does not match nobody, but asks who he is if nothing else allows.</summary>
    public RuleVerdict Decide(HttpRequest request, ClaimsPrincipal user, DateTimeOffset now)
    {
        bool isKnown = user.Identity is { IsAuthenticated: true };
        CompiledRule? wouldAsk = null;
        foreach (CompiledRule rule in _rules)
        {
            if (!rule.Matches(request.Method, request.Path, now, out RouteValueDictionary? values))
            {
                continue;
            }

            if (rule.Asks && !isKnown)
            {
                wouldAsk ??= rule.Stated.Effect == RuleEffect.Allow ? rule : null;
                continue;
            }

            if (rule.Stated.Roles.Count == 0 || rule.Stated.Roles.Any(user.IsInRole))
            {
                return rule.Verdict(rule.Stated.Effect == RuleEffect.Allow ? DecisionEffect.Allow : wouldAsk is null ? DecisionEffect.Deny : DecisionEffect.Challenge, values!);
            }
        }

        return _otherwise.Verdict(
            _otherwise.Stated.Effect == RuleEffect.Allow ? DecisionEffect.Allow : wouldAsk is null ? DecisionEffect.Deny : DecisionEffect.Challenge, []);
    }

    private static List<string> FaultsOf(AccessRule rule)
    {
        var faults = new List<string>();
        if (rule.Name.Length is 0 or > 256)
        {
            faults.Add("name: every rule has one, of up to 256 characters");
        }

        if (!RulePath.TryParse(rule.Path, out _))
        {
            faults.Add($"path: '{rule.Path}' is no path like /patients/{{id}}/**");
        }

        faults.AddRange(rule.Methods.Where(method => method.Length == 0 || method.Any(c => !char.IsAsciiLetterUpper(c))).Select(method => $"methods: '{method}' is no method like GET"));
        if (rule.Action is not null)
        {
            try
            {
                _ = new AuditAttribute(rule.Action);
            }
            catch (ArgumentException)
            {
                faults.Add($"action: '{rule.Action}' is none like invoice.refund");
            }
        }

        faults.AddRange(rule.When?.Faults() ?? []);
        return faults;
    }

    /// <summary>A rule, ready to be asked.</summary>
    private sealed class CompiledRule
    {
        private readonly RulePath _path;
        private readonly Endpoint _endpoint;
        private readonly bool _isFirst;

        public CompiledRule(AccessRule rule, bool failClosed, bool isNamed)
        {
            Stated = rule;
            _path = RulePath.TryParse(rule.Path, out RulePath? path) ? path : throw new ArgumentException($"'{rule.Path}' is no rule's path.", nameof(rule));
            _isFirst = rule.Record == RuleRecording.First || (rule.Record == RuleRecording.Default && failClosed);
            Asks = rule.SignedIn || rule.Roles.Count > 0;
            var metadata = new List<object>();
            if (isNamed && (rule.Action is not null || _isFirst))
            {
                metadata.Add(rule.Action is null ? new AuditAttribute { Mode = ModeOf(_isFirst) } : new AuditAttribute(rule.Action) { Mode = ModeOf(_isFirst) });
            }

            if (Asks)
            {
                metadata.Add(new AuthorizeAttribute());
            }

            // Never run: it says what the request counts as.
            _endpoint = new RouteEndpoint(static _ => Task.CompletedTask, RoutePatternFactory.Parse(_path.Template), 0, new EndpointMetadataCollection(metadata), rule.Name);
        }

        public AccessRule Stated { get; }

        /// <summary>Whether it is about callers who are known.</summary>
        public bool Asks { get; }

        public bool Matches(string method, string? path, DateTimeOffset now, out RouteValueDictionary? values)
        {
            values = null;
            return (Stated.Methods.Count == 0 || Stated.Methods.Contains(method, StringComparer.OrdinalIgnoreCase))
                && _path.Matches(path ?? "/", out values)
                && (Stated.When is null || Stated.When.Contains(now));
        }

        public RuleVerdict Verdict(DecisionEffect effect, RouteValueDictionary values) => new(Stated.Name, effect, _endpoint, values, _isFirst);

        private static DeliveryMode ModeOf(bool isFirst) => isFirst ? DeliveryMode.Guaranteed : DeliveryMode.Durable;
    }
}
