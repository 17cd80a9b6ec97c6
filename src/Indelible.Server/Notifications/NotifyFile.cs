using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Indelible.Detection;
using Indelible.Engine.Access;
using Indelible.Search;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Server.Notifications;

/// <summary>Reads a file of notifications. What is wrong is named by file, line and column, all of it at once, and never with a secret in it.</summary>
public sealed partial class NotifyFile
{
    private const string DefaultTitle = "{{reason}}: {{rule.title}} ({{severity}})";
    private const string DefaultText = """
        {{message}}

        Severity: {{severity}}
        Log: {{log}}
        In common: {{group}}
        Time: {{time}}
        Alert: {{alert.id}}
        {{url}}
        """;

    private static readonly string[] s_members = ["url", "destinations"];
    private static readonly string[] s_common = ["name", "kind", "alerts", "repeats", "rate", "title", "text", "escalate", "timeout", "retry"];
    private static readonly string[] s_selection = ["severity", "rules", "tags", "logs", "query"];
    private static readonly string[] s_escalation = ["after", "to"];
    private static readonly string[] s_retry = ["first", "most", "give_up_after"];

    private readonly string _path;
    private readonly DateTimeOffset _now;
    private readonly List<RuleFault> _faults = [];
    private readonly List<(Destination Destination, Mark Place)> _read = [];

    private NotifyFile(string path, DateTimeOffset now) => (_path, _now) = (path, now);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="now">What a query's relative times count from.</param>
    /// <param name="settings">What it says; null where anything is wrong.</param>
    /// <param name="faults">What is wrong; empty where nothing is.</param>
    /// <returns>Whether it was read.</returns>
    public static bool TryRead(string path, DateTimeOffset now, [NotNullWhen(true)] out NotifySettings? settings, out IReadOnlyList<RuleFault> faults)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = new NotifyFile(path, now);
        settings = null;
        try
        {
            settings = file.Read(TextOf(path));
        }
        catch (RuleFaultException e)
        {
            file.Fault(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file._faults.Add(new RuleFault(path, 1, 1, $"It cannot be read: {e.Message}"));
        }

        faults = file._faults;
        settings = faults.Count == 0 ? settings : null;
        return settings is not null;
    }

    private static string TextOf(string path) => new FileInfo(path).Length <= DetectionLimits.FileBytes
        ? File.ReadAllText(path)
        : throw new RuleFaultException(Mark.Empty, $"It has more than {DetectionLimits.FileBytes} bytes.");

    private void Fault(RuleFaultException e) => _faults.Add(new RuleFault(_path, (int)Math.Max(1, e.Place.Line), (int)Math.Max(1, e.Place.Column), e.Message));

    private NotifySettings Read(string text)
    {
        if (YamlDocuments.Read(text, "Here is a map wanted, of url and destinations.") is not [var document])
        {
            throw new RuleFaultException(Mark.Empty, "It has to be one document, of url and destinations.");
        }

        var map = new RuleMap(document);
        map.RequireOnly(s_members);
        Uri? url = map.Has("url") ? map.Url(isInsecure: true) : null;
        if (map.Find("destinations") is not YamlSequenceNode { Children: { Count: > 0 and <= ServerLimits.NotifyDestinations } nodes })
        {
            throw new RuleFaultException(map.PlaceOf("destinations"), $"destinations has to be a list of 1 to {ServerLimits.NotifyDestinations}.");
        }

        foreach (YamlNode node in nodes)
        {
            try
            {
                var one = new RuleMap(node as YamlMappingNode ?? throw new RuleFaultException(node.Start, "A destination is a map of members, as name and kind; this is none."));
                _read.Add((DestinationOf(one, url), one.Place));
            }
            catch (RuleFaultException e)
            {
                Fault(e);
            }
        }

        if (_faults.Count == 0)
        {
            CheckTogether();
        }

        return new NotifySettings(_path, url, [.. _read.Select(read => read.Destination)]);
    }

    /// <summary>What no destination shows alone: names that two have, escalations to nobody, in circles, and destinations that nothing leads to.</summary>
    private void CheckTogether()
    {
        var byName = new Dictionary<string, Destination>(StringComparer.Ordinal);
        foreach ((Destination destination, Mark place) in _read)
        {
            if (!byName.TryAdd(destination.Name, destination))
            {
                Fault(new RuleFaultException(place, $"There is another destination {destination.Name}."));
            }
        }

        HashSet<string> led = [.. _read.SelectMany(read => read.Destination.Escalations).Select(escalation => escalation.To)];
        foreach ((Destination destination, Mark place) in _read)
        {
            foreach (string to in destination.Escalations.Select(escalation => escalation.To).Where(to => !byName.ContainsKey(to)))
            {
                Fault(new RuleFaultException(place, $"{destination.Name} passes alerts on to {VisibleText.Excerpt(to)}, and there is no such destination."));
            }

            if (destination.Alerts is null && !led.Contains(destination.Name))
            {
                Fault(new RuleFaultException(place, $"{destination.Name} would be told of nothing: it has no alerts, and nobody passes any on to it."));
            }
        }

        if (_faults.Count == 0 && _read.FirstOrDefault(read => Reaches(byName, read.Destination, read.Destination.Name, [])) is { Destination: not null } circle)
        {
            Fault(new RuleFaultException(circle.Place, $"{circle.Destination.Name} passes alerts on in a circle that comes back to it."));
        }
    }

    private static bool Reaches(Dictionary<string, Destination> byName, Destination from, string name, HashSet<string> seen) =>
        from.Escalations.Any(escalation => escalation.To == name || (seen.Add(escalation.To) && Reaches(byName, byName[escalation.To], name, seen)));

    private Destination DestinationOf(RuleMap map, Uri? url)
    {
        string name = map.RequireText("name");
        if (!Name().IsMatch(name))
        {
            throw new RuleFaultException(map.PlaceOf("name"), $"name: {VisibleText.Excerpt(name)} has to be made of a to z, 0 to 9 and hyphens, at most 63.");
        }

        string kind = map.RequireText("kind");
        (string[] Members, Func<RuleMap, Func<TimeProvider, INotifyChannel>> Read) form = kind switch
        {
            "webhook" => (WebhookChannel.Members, WebhookChannel.Read),
            "slack" => (SlackChannel.Members, SlackChannel.Read),
            "teams" => (TeamsChannel.Members, TeamsChannel.Read),
            "email" => (EmailChannel.Members, EmailChannel.Read),
            _ => throw new RuleFaultException(map.PlaceOf("kind"), $"kind: {VisibleText.Excerpt(kind)} is none of webhook, email, slack, teams."),
        };
        map.RequireOnly([.. s_common, .. form.Members]);
        RuleMap? retry = map.Map("retry");
        if (retry is not null)
        {
            retry.RequireOnly(s_retry);
        }

        return new Destination(name, kind, SelectionOf(map))
        {
            HasRepeats = map.Flag("repeats"),
            Rate = RateOf(map),
            Title = TemplateOf(map, "title", DefaultTitle, url),
            Text = TemplateOf(map, "text", url is null ? DefaultText.Replace("\n{{url}}", "", StringComparison.Ordinal) : DefaultText, url),
            Escalations = EscalationsOf(map),
            Timeout = map.Duration("timeout", ServerLimits.NotifyTimeout, TimeSpan.FromMilliseconds(1), ServerLimits.NotifyTimeoutMost),
            RetryFirst = NotifyMembers.Duration(retry, "first", ServerLimits.NotifyRetryFirst, TimeSpan.FromMilliseconds(1), ServerLimits.NotifyRetryMost),
            RetryMost = NotifyMembers.Duration(retry, "most", ServerLimits.NotifyRetryMost, TimeSpan.FromMilliseconds(1), ServerLimits.NotifyGiveUpMost),
            GiveUpAfter = NotifyMembers.Duration(retry, "give_up_after", ServerLimits.NotifyGiveUp, TimeSpan.Zero, ServerLimits.NotifyGiveUpMost),
            Open = form.Read(map),
        };
    }

    private AlertSelection? SelectionOf(RuleMap map)
    {
        if (map.Find("alerts") is null or YamlScalarNode { Value: "all" })
        {
            return map.Has("alerts") ? new AlertSelection() : null;
        }

        RuleMap said = map.RequireMap("alerts");
        said.RequireOnly(s_selection);
        string severity = said.Text("severity") ?? "informational";
        if (!severity.All(char.IsAsciiLetterLower) || !Enum.TryParse(severity, ignoreCase: true, out RuleLevel level))
        {
            throw new RuleFaultException(said.PlaceOf("severity"), $"severity: {VisibleText.Excerpt(severity)} is none of {string.Join(", ", Enum.GetNames<RuleLevel>().Select(one => one.ToLowerInvariant()))}.");
        }

        IReadOnlyList<string> logs = said.Texts("logs");
        if (logs.FirstOrDefault(log => !LogPattern.IsPattern(log)) is { } wrong)
        {
            throw new RuleFaultException(said.PlaceOf("logs"), $"logs: {VisibleText.Excerpt(wrong)} is no log's name, prefix.* or *.");
        }

        Query? query = null;
        if (said.Text("query") is { } text && !Query.TryParse(text, _now, out query, out QueryError? error))
        {
            throw new RuleFaultException(said.PlaceOf("query"), $"query: {error}");
        }

        return new AlertSelection { Severity = level, Rules = said.Texts("rules"), Tags = said.Texts("tags"), Logs = logs, Query = query };
    }

    private static NotifyRate? RateOf(RuleMap map)
    {
        if (map.Text("rate") is not { } text)
        {
            return null;
        }

        Match match = RateForm().Match(text);
        return match.Success && int.TryParse(match.Groups[1].Value, out int count) && count > 0
            ? new NotifyRate(count, match.Groups[2].Value switch { "s" => TimeSpan.FromSeconds(1), "m" => TimeSpan.FromMinutes(1), "h" => TimeSpan.FromHours(1), _ => TimeSpan.FromDays(1) })
            : throw new RuleFaultException(map.PlaceOf("rate"), $"rate: {VisibleText.Excerpt(text)} is nothing like 30/h: a number, a slash, and s, m, h or d.");
    }

    private static MessageTemplate TemplateOf(RuleMap map, string name, string otherwise, Uri? url)
    {
        string text = map.Text(name) ?? otherwise;
        if (!MessageTemplate.TryParse(text, out MessageTemplate? template, out string? fault))
        {
            throw new RuleFaultException(map.PlaceOf(name), $"{name}: {fault}");
        }

        return url is null && template.Names.Contains("url")
            ? throw new RuleFaultException(map.PlaceOf(name), $"{name}: {{{{url}}}} needs url at the beginning of the file, which says where people reach this server.")
            : template;
    }

    private static List<Escalation> EscalationsOf(RuleMap map)
    {
        var all = new List<Escalation>();
        foreach (YamlNode node in map.Find("escalate") switch { null => [], YamlSequenceNode list => list.Children, { } one => [one] })
        {
            var said = new RuleMap(node as YamlMappingNode ?? throw new RuleFaultException(node.Start, "escalate is a map of after and to, or a list of such."));
            said.RequireOnly(s_escalation);
            _ = said.RequireText("after");
            TimeSpan after = said.Duration("after", TimeSpan.Zero, TimeSpan.FromSeconds(1), ServerLimits.NotifyEscalation);
            all.AddRange((said.Has("to") ? said.Texts("to") : [said.RequireText("to")]).Select(to => new Escalation(after, to)));
        }

        return all.Count <= ServerLimits.NotifyDestinations ? all : throw new RuleFaultException(map.PlaceOf("escalate"), $"escalate names more than {ServerLimits.NotifyDestinations}.");
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex("^([0-9]{1,9})/(s|m|h|d)$", RegexOptions.NonBacktracking)]
    private static partial Regex RateForm();
}
