using System.Globalization;

namespace Indelible.Cli.Demo;

/// <summary>The incident: guessed passwords, a forgotten administrator's account, and every patient's record taken in one night.</summary>
/// <remarks>The counts and offsets are fixed, so that the story is the same for every seed; <c>docs/demo.md</c> tells it.</remarks>
internal sealed class DemoIncident(SeededRandom random, DemoStaff staff, DateTimeOffset midnight)
{
    /// <summary>Refused sign-ins over all accounts; <see cref="RefusedOnDormant"/> on the account that gives way follow among them.</summary>
    public const int RefusedSignIns = 412;

    /// <summary>Refused sign-ins on the forgotten account.</summary>
    public const int RefusedOnDormant = 3;

    /// <summary>Records read one by one.</summary>
    public const int Reads = 640;

    /// <summary>Exports, of <see cref="RecordsPerExport"/> records each.</summary>
    public const int Exports = 12;

    /// <summary>How many records an export takes.</summary>
    public const int RecordsPerExport = 200;

    private const string NewNetwork = "203.0.113.66";
    private const string Tool = "python-httpx/0.27";

    private readonly List<DemoEvent> _events = [];
    private readonly string _session = "s-" + random.Hex(12);
    private readonly string _key = "ak_" + random.Hex(12);

    /// <summary>All events of the incident and of the morning after.</summary>
    public List<DemoEvent> Events()
    {
        StuffCredentials();
        DemoEvent signIn = SignIn();
        LookAround();
        MakeKeyAndRights(signIn);
        TakeRecords();
        TryToSilenceTheLog();
        CleanUp();
        MorningAfter(signIn);
        return _events;
    }

    private DateTimeOffset At(double minutes) => midnight.AddMilliseconds(Math.Round(minutes * 60_000));

    private void StuffCredentials()
    {
        // 21:40 to 23:20, from two dozen addresses, each account a few times: slow enough that no single counter trips.
        for (int i = 0; i < RefusedSignIns; i++)
        {
            int account = random.Next(staff.People.Count + 18);
            bool known = account < staff.People.Count;
            DemoActor actor = known ? staff.People[account] : new DemoActor("unknown", "unknown", "", null, "");
            Add(RefusedSignIn(-140 + (i * 100.0 / RefusedSignIns), actor, known ? "INVALID_CREDENTIALS" : "NO_SUCH_ACCOUNT", Address(random.Next(24))));
        }

        for (int i = 0; i < RefusedOnDormant; i++)
        {
            Add(RefusedSignIn(-33 + (i * 4.5), staff.Dormant, "INVALID_CREDENTIALS", Address(i)));
        }

        static string Address(int i) => string.Create(CultureInfo.InvariantCulture, $"198.51.100.{17 + (i * 9)}");
    }

    private DemoEvent RefusedSignIn(double minutes, DemoActor actor, string reason, string ip) => new()
    {
        Time = At(minutes),
        Service = "clinic-auth",
        Actor = actor,
        Action = "session.sign_in",
        Category = "authentication",
        Operation = "login",
        Outcome = "failure",
        OutcomeReason = reason,
        Decision = "deny",
        Policy = "PasswordSignIn",
        Rule = "password",
        Method = "password",
        Ip = ip,
        UserAgent = "Mozilla/5.0 (X11; Linux x86_64)",
        Route = "/session",
        Verb = "POST",
        Status = 401,
        DurationMs = random.Next(80, 140),
        TraceId = random.Hex(32),
        SpanId = random.Hex(16),
    };

    private DemoEvent SignIn() => Add(Act(-12.8, "clinic-auth", "session.sign_in", "authentication", "login") with
    {
        Rule = "second-factor-exempt-legacy",
        Policy = "PasswordSignIn",
        Path = "/session",
        Message = "Signed in without a second factor",
    });

    private void LookAround()
    {
        for (int i = 0; i < 6; i++)
        {
            Add(Act(-10 + i, "clinic-web", i % 2 == 0 ? "user.list" : "config.read", "config", i % 2 == 0 ? "list" : "read") with
            {
                Targets = [i % 2 == 0 ? new DemoTarget("user_directory", "staff", Count: 41) : new DemoTarget("config", "export-limits")],
                Path = "/admin/{page}",
            });
        }
    }

    private void MakeKeyAndRights(DemoEvent signIn)
    {
        Add(Act(-2.25, "clinic-auth", "api_key.create", "identity_admin", "create") with
        {
            Targets = [new DemoTarget("api_key", _key)],
            Cause = signIn,
            Path = "/api-keys",
            Message = "API key 'backup-sync' created",
        });
        Add(Act(6.5, "clinic-auth", "role.grant", "identity_admin", "grant") with
        {
            Targets = [new DemoTarget("user", staff.Dormant.Id)],
            Cause = signIn,
            Change = new DemoChange("/roles/-", "add", null, "records-export"),
            Path = "/users/{id}/roles",
        });
    }

    private void TakeRecords()
    {
        // 01:10 to 03:20: reads one by one, then, every ten minutes, an export.
        for (int i = 0; i < Reads; i++)
        {
            int patient = 1001 + (i * 3);
            Add(ByKey(70 + (i * 130.0 / Reads), "patient_record.read", "read") with
            {
                Targets = [new DemoTarget("patient_record", Id("p-", patient), "phi", "address diagnosis medication", 1)],
                Subject = Id("subj-", patient),
                Path = "/patients/{id}",
                Bytes = random.Next(4_000, 9_000),
            });
        }

        for (int i = 0; i < Exports; i++)
        {
            Add(ByKey(85 + (i * 10), "patient_record.export", "export") with
            {
                Targets = [new DemoTarget("patient_export", Id("x-", 9001 + i), "phi", "address diagnosis medication insurance", RecordsPerExport)],
                Path = "/patients/export",
                Bytes = random.Next(1_400_000, 1_900_000),
            });
        }
    }

    private void TryToSilenceTheLog()
    {
        for (int i = 0; i < 3; i++)
        {
            Add(Act(211 + (i * 0.75), "clinic-web", "audit.level.change", "audit", "update") with
            {
                Targets = [new DemoTarget("audit_policy", "clinic")],
                Denied = "nobody-lowers-the-level",
                Policy = "AuditIsAppendOnly",
                Change = new DemoChange("/level", "replace", "full", "errors"),
                Path = "/admin/audit",
            });
        }
    }

    private void CleanUp()
    {
        for (int i = 0; i < Exports; i++)
        {
            Add(ByKey(214 + (i * 0.2), "patient_export.delete", "delete") with
            {
                Targets = [new DemoTarget("patient_export", Id("x-", 9001 + i), "phi")],
                Category = "data_change",
                Path = "/patients/export/{id}",
            });
        }

        Add(Act(218, "clinic-auth", "role.revoke", "identity_admin", "revoke") with
        {
            Targets = [new DemoTarget("user", staff.Dormant.Id)],
            Change = new DemoChange("/roles/1", "remove", "records-export", null),
            Path = "/users/{id}/roles",
        });
        Add(Act(220, "clinic-auth", "api_key.revoke", "identity_admin", "revoke") with { Targets = [new DemoTarget("api_key", _key)], Path = "/api-keys/{id}" });
        Add(Act(224, "clinic-auth", "session.sign_out", "authentication", "logout") with { Path = "/session" });
    }

    private void MorningAfter(DemoEvent signIn)
    {
        string session = "s-" + random.Hex(12);
        Add(Duty(472, "session.sign_in", "authentication", "login", session) with { Service = "clinic-auth", Ticket = null, Path = "/session" });
        for (int i = 0; i < 5; i++)
        {
            Add(Duty(478 + (i * 4), "audit.search", "audit", "search", session) with { Targets = [new DemoTarget("audit_log", "clinic")], Path = "/audit" });
        }

        Add(Duty(500, "user.disable", "identity_admin", "disable", session) with
        {
            Targets = [new DemoTarget("user", staff.Dormant.Id)],
            Change = new DemoChange("/enabled", "replace", "true", "false"),
            Reason = "Account used by somebody else",
            Path = "/users/{id}",
        });
        Add(Duty(506, "incident.open", "audit", "create", session) with
        {
            Targets = [new DemoTarget("incident", "INC-311")],
            RelatesTo = signIn,
            Reason = "Sign-in from a new network to a dormant account, then exports",
            Path = "/incidents",
        });
    }

    private Step Act(double minutes, string service, string action, string category, string operation) =>
        new(minutes, service, action, category, operation, staff.Dormant, NewNetwork, Tool, "password", null, _session, false);

    private Step ByKey(double minutes, string action, string operation) =>
        new(minutes, "records-api", action, "data_access", operation, staff.Dormant, NewNetwork, Tool, "api_key", _key, null, null);

    private Step Duty(double minutes, string action, string category, string operation, string session) =>
        new(minutes, "clinic-web", action, category, operation, staff.OnDuty, staff.OnDuty.Ip, DemoDays.Browser, "oidc", null, session, true) { Ticket = "INC-311" };

    private DemoEvent Add(DemoEvent made)
    {
        _events.Add(made);
        return made;
    }

    private DemoEvent Add(Step step) => Add(new DemoEvent
    {
        Time = At(step.Minutes).AddMilliseconds(random.Next(900)),
        Service = step.Service,
        Actor = step.Actor,
        Action = step.Action,
        Category = step.Category,
        Operation = step.Operation,
        Kind = step.RelatesTo is null ? null : "annotation",
        Outcome = step.Denied is null ? "success" : "failure",
        OutcomeReason = step.Denied is null ? null : "FORBIDDEN",
        Decision = step.Denied is null ? "allow" : "deny",
        Policy = step.Policy,
        Rule = step.Denied ?? step.Rule,
        Method = step.Method,
        Mfa = step.Mfa,
        CredentialId = step.Credential,
        SessionId = step.Session,
        Targets = step.Targets,
        Subject = step.Subject,
        Ip = step.Ip,
        UserAgent = step.UserAgent,
        Route = step.Path,
        Verb = DemoDays.VerbOf(step.Operation),
        Status = step.Denied is null ? 200 : 403,
        BytesOut = step.Bytes,
        DurationMs = random.Next(5, 60),
        TraceId = random.Hex(32),
        SpanId = random.Hex(16),
        Cause = step.Cause,
        RelatesTo = step.RelatesTo,
        Change = step.Change,
        Reason = step.Reason,
        Ticket = step.Ticket,
        Message = step.Message,
    });

    private static string Id(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}");

    /// <summary>What one step of the story does; minutes count from midnight.</summary>
    private sealed record Step(
        double Minutes,
        string Service,
        string Action,
        string Category,
        string Operation,
        DemoActor Actor,
        string Ip,
        string UserAgent,
        string Method,
        string? Credential,
        string? Session,
        bool? Mfa)
    {
        public IReadOnlyList<DemoTarget> Targets { get; init; } = [];

        public string? Subject { get; init; }

        public string Policy { get; init; } = "RoleBased";

        public string Rule { get; init; } = "role";

        public string? Denied { get; init; }

        public string? Path { get; init; }

        public int Bytes { get; init; }

        public DemoEvent? Cause { get; init; }

        public DemoEvent? RelatesTo { get; init; }

        public DemoChange? Change { get; init; }

        public string? Reason { get; init; }

        public string? Ticket { get; init; }

        public string? Message { get; init; }
    }
}
