using System.Globalization;

namespace Indelible.Cli.Demo;

/// <summary>What happens at the clinic on every day: shifts, weekends, machines, mistakes.</summary>
internal sealed class DemoDays(SeededRandom random, DemoStaff staff)
{
    /// <summary>What the staff browse with.</summary>
    public const string Browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edge/140";

    // Of a hundred events, the machines write so many.
    private const int MachineShare = 15;

    private static readonly string[] Services = ["clinic-auth", "clinic-web", "records-api", "billing", "jobs"];

    // Service, action, category, operation, target type, classification, route; first column: which roles, and how often in a hundred.
    private static readonly (string Roles, int Weight, string Service, string Action, string Category, string Operation, string Type, string? Class, string Route)[]
        Work =
        [
            ("doctor nurse", 40, "records-api", "patient_record.read", "data_access", "read", "patient_record", "phi", "/patients/{id}"),
            ("doctor nurse reception", 14, "records-api", "patient_record.search", "data_access", "search", "patient_index", "phi", "/patients"),
            ("doctor nurse", 16, "records-api", "patient_record.update", "data_change", "update", "patient_record", "phi", "/patients/{id}"),
            ("doctor", 10, "records-api", "prescription.create", "data_change", "create", "prescription", "phi", "/prescriptions"),
            ("doctor nurse", 12, "records-api", "lab_result.read", "data_access", "read", "lab_result", "phi", "/lab-results/{id}"),
            ("reception", 40, "clinic-web", "appointment.create", "data_change", "create", "appointment", "pii", "/appointments"),
            ("reception nurse", 18, "clinic-web", "appointment.update", "data_change", "update", "appointment", "pii", "/appointments/{id}"),
            ("reception manager", 12, "clinic-web", "appointment.list", "data_access", "list", "appointment_book", "pii", "/appointments"),
            ("billing", 40, "billing", "invoice.create", "data_change", "create", "invoice", "confidential", "/invoices"),
            ("billing manager", 25, "billing", "invoice.read", "data_access", "read", "invoice", "confidential", "/invoices/{id}"),
            ("billing", 10, "billing", "invoice.refund.request", "data_change", "create", "refund", "confidential", "/invoices/{id}/refunds"),
            ("manager", 15, "billing", "invoice.refund.approve", "data_change", "approve", "refund", "confidential", "/refunds/{id}"),
            ("billing", 5, "billing", "invoice.export", "data_access", "export", "invoice_export", "confidential", "/invoices/export"),
            ("manager", 20, "clinic-web", "report.read", "data_access", "read", "report", "internal", "/reports/{id}"),
            ("it-admin", 30, "clinic-web", "config.read", "config", "read", "config", "internal", "/admin/{page}"),
            ("it-admin", 14, "clinic-web", "config.update", "config", "update", "config", "internal", "/admin/{page}"),
            ("it-admin", 8, "clinic-auth", "user.update", "identity_admin", "update", "user", "internal", "/users/{id}"),
            ("it-admin", 3, "clinic-auth", "role.grant", "identity_admin", "grant", "user", "internal", "/users/{id}/roles"),
            ("it-admin", 2, "clinic-auth", "api_key.create", "identity_admin", "create", "api_key", "restricted", "/api-keys"),
            ("it-admin", 10, "clinic-web", "audit.search", "audit", "search", "audit_log", "restricted", "/audit"),
        ];

    private readonly List<DemoEvent> _events = [];

    /// <summary>Everything but the incident.</summary>
    /// <param name="start">Where the days start; shifts begun before it are cut by the caller.</param>
    /// <param name="end">Where they end.</param>
    /// <param name="count">About how many events to make.</param>
    public List<DemoEvent> Events(DateTimeOffset start, DateTimeOffset end, int count)
    {
        var days = new List<DateTimeOffset>();
        for (var day = new DateTimeOffset(start.Date, TimeSpan.Zero); day < end; day = day.AddDays(1))
        {
            days.Add(day);
        }

        List<(DemoActor Actor, DateTimeOffset From, double Hours)> shifts = [.. days.SelectMany(Shifts)];
        Share(count * (100 - MachineShare) / 100, shifts.Count, (i, share) => Shift(shifts[i].Actor, shifts[i].From, shifts[i].Hours, share));
        Share(count * MachineShare / 100, days.Count, (i, share) => Machines(days[i], share));
        return _events;
    }

    /// <summary>The verb of a request that does such a thing.</summary>
    public static string VerbOf(string operation) => operation switch
    {
        "read" or "list" or "search" => "GET",
        "update" or "disable" => "PATCH",
        "delete" or "logout" or "revoke" => "DELETE",
        _ => "POST",
    };

    /// <summary>Splits a number evenly over steps, carrying what rounding leaves.</summary>
    private static void Share(int total, int steps, Action<int, int> step)
    {
        for (int i = 0; i < steps; i++)
        {
            step(i, (int)((long)total * (i + 1) / steps) - (int)((long)total * i / steps));
        }
    }

    private IEnumerable<(DemoActor Actor, DateTimeOffset From, double Hours)> Shifts(DateTimeOffset day)
    {
        bool weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        int turn = (int)(day.ToUnixTimeSeconds() / 86_400);
        for (int i = 0; i < staff.People.Count; i++)
        {
            DemoActor actor = staff.People[i];
            if (actor.Role == "nurse")
            {
                // Early, late, night, free, by turns through the week and its end.
                int place = (turn + i) % 4;
                if (place < 3)
                {
                    yield return (actor, day.AddHours(6 + (place * 8)).AddMinutes(random.Next(-9, 10)), 7.9);
                }
            }
            else if (!weekend && !random.PerMille(60))
            {
                yield return (actor, day.AddHours(8).AddMinutes(random.Next(-25, 50)), 8.5);
            }
            else if (weekend && actor.Role == "doctor" && (turn + i) % 6 == 0)
            {
                yield return (actor, day.AddHours(9).AddMinutes(random.Next(30)), 6);
            }
        }
    }

    private void Shift(DemoActor actor, DateTimeOffset from, double hours, int share)
    {
        if (share == 0)
        {
            return;
        }

        int last = _events.Count + share;
        string session = "s-" + random.Hex(12);
        string ip = random.PerMille(90) ? string.Create(CultureInfo.InvariantCulture, $"192.0.2.{20 + random.Next(40)}") : actor.Ip;
        if (random.PerMille(45) && share > 3)
        {
            SignIn(actor, from.AddSeconds(-35), ip, null);
        }

        SignIn(actor, from, ip, session);
        double seconds = hours * 3600;
        double step = seconds / Math.Max(1, share);
        int done = 0;
        while (_events.Count < last - 1)
        {
            done++;
            DoWork(actor, from.AddSeconds((step * done) + (random.Next(1000) / 1000.0 * step)), ip, session);
        }

        if (_events.Count < last)
        {
            _events.Add(Base(actor, from.AddSeconds(seconds + step), "clinic-auth", "session.sign_out", "authentication", "logout", ip, session, "/session"));
        }
    }

    private void SignIn(DemoActor actor, DateTimeOffset time, string ip, string? session) => _events.Add(new DemoEvent
    {
        Time = time,
        Service = "clinic-auth",
        Actor = actor,
        Action = "session.sign_in",
        Category = "authentication",
        Operation = "login",
        Outcome = session is null ? "failure" : "success",
        OutcomeReason = session is null ? "INVALID_CREDENTIALS" : null,
        Decision = session is null ? "deny" : "allow",
        Policy = "PasswordSignIn",
        Rule = session is null ? "password" : "second-factor",
        Method = "oidc",
        Mfa = session is not null,
        SessionId = session,
        Ip = ip,
        UserAgent = Browser,
        Route = "/session",
        Verb = "POST",
        Status = session is null ? 401 : 200,
        DurationMs = random.Next(80, 140),
        TraceId = random.Hex(32),
        SpanId = random.Hex(16),
    });

    private void DoWork(DemoActor actor, DateTimeOffset time, string ip, string session)
    {
        var open = Work.Where(row => row.Roles.Contains(actor.Role, StringComparison.Ordinal)).ToArray();
        int draw = random.Next(open.Sum(row => row.Weight));
        var work = open.First(row => (draw -= row.Weight) < 0);
        int patient = 1001 + random.Next(2400);
        bool denied = random.PerMille(work.Operation is "read" or "search" ? 14 : 4);
        bool glass = !denied && work.Action == "patient_record.read" && random.PerMille(6);
        bool many = work.Operation is "search" or "list" or "export";
        DemoEvent made = Base(actor, time, work.Service, work.Action, work.Category, work.Operation, ip, session, work.Route, denied) with
        {
            Targets = [new DemoTarget(work.Type, TargetId(work.Type, patient), work.Class, FieldsOf(work.Action), many ? random.Next(1, 60) : 0)],
            Subject = work.Class is "phi" or "pii" && !many ? string.Create(CultureInfo.InvariantCulture, $"subj-{patient}") : null,
            Change = work.Operation == "update" && !denied ? ChangeOf(work.Type) : null,
            BreakGlass = glass,
            Reason = glass ? "Emergency admission" : null,
        };
        _events.Add(made);
        if (work.Action == "prescription.create" && !denied)
        {
            // The same request, seen by the next service: one trace, caused by the first event.
            _events.Add(Follow(made, actor, "jobs", "pharmacy_order.send", "data_change", "export", "pharmacy_order"));
        }
        else if (work.Action == "patient_record.update" && actor.Role == "doctor" && !denied && random.PerMille(250))
        {
            _events.Add(Follow(made, staff.Scribe, "records-api", "note.draft", "data_change", "create", "note"));
        }
    }

    private DemoEvent Follow(DemoEvent cause, DemoActor actor, string service, string action, string category, string operation, string type) => new()
    {
        Time = cause.Time.AddMilliseconds(random.Next(15, 400)),
        Service = service,
        Actor = actor,
        Action = action,
        Category = category,
        Operation = operation,
        OnBehalfOf = actor == cause.Actor ? null : cause.Actor,
        Targets = [new DemoTarget(type, $"{type[..1]}-{random.Hex(8)}", "phi")],
        Subject = cause.Subject,
        SessionId = cause.SessionId,
        TraceId = cause.TraceId,
        SpanId = random.Hex(16),
        CorrelationId = actor == cause.Actor ? null : "run-" + random.Hex(10),
        Cause = cause,
    };

    private DemoEvent Base(
        DemoActor actor,
        DateTimeOffset time,
        string service,
        string action,
        string category,
        string operation,
        string ip,
        string session,
        string route,
        bool denied = false) => new()
        {
            Time = time,
            Service = service,
            Actor = actor,
            Action = action,
            Category = category,
            Operation = operation,
            Outcome = denied ? "failure" : "success",
            OutcomeReason = denied ? "FORBIDDEN" : null,
            Decision = denied ? "deny" : "allow",
            Policy = category == "data_access" ? "CareTeamOnly" : "RoleBased",
            Rule = denied ? "not-on-the-team" : "role",
            SessionId = session,
            Ip = ip,
            UserAgent = Browser,
            Route = route,
            Verb = VerbOf(operation),
            Status = denied ? 403 : 200,
            BytesOut = random.Next(300, 9_000),
            DurationMs = random.Next(4, 90),
            TraceId = random.Hex(32),
            SpanId = random.Hex(16),
        };

    private void Machines(DateTimeOffset day, int share)
    {
        int last = _events.Count + share;
        string backup = "run-" + random.Hex(10);
        if (share > 12)
        {
            Job(day.AddHours(2.5), staff.Backup, "backup.run", "system", "execute", new DemoTarget("database", "clinic"), backup, "unknown");
            Job(day.AddHours(2.7), staff.Backup, "backup.verify", "system", "read", new DemoTarget("database", "clinic"), backup, "success");
            if (day.DayOfWeek == DayOfWeek.Tuesday)
            {
                Restart(day.AddHours(5));
            }

            // Every Monday, and quite in order: not every large export is theft.
            if (day.DayOfWeek == DayOfWeek.Monday)
            {
                var export = new DemoTarget("patient_export", $"x-{random.Hex(6)}", "phi", "diagnosis", 180);
                Job(day.AddHours(4), staff.Reports, "patient_record.export", "data_access", "export", export, "run-" + random.Hex(10), "success");
            }
        }

        int left = last - _events.Count;
        for (int i = 0; i < left; i++)
        {
            DateTimeOffset time = day.AddSeconds((86_400.0 * i / left) + random.Next(60));
            if (time.Hour is >= 8 and < 18 && random.PerMille(500))
            {
                var appointment = new DemoTarget("appointment", $"a-{random.Hex(6)}", "pii");
                Job(time, staff.Reminders, "appointment.remind", "data_access", "share", appointment, "run-" + random.Hex(10), "success");
            }
            else
            {
                bool failed = random.PerMille(25);
                var batch = new DemoTarget("lab_batch", $"b-{random.Hex(6)}", "phi", Count: random.Next(1, 40));
                Job(time, staff.LabImport, "lab_result.import", "data_change", "import", batch, "run-" + random.Hex(10), failed ? "failure" : "success");
            }
        }
    }

    private void Restart(DateTimeOffset time)
    {
        for (int i = 0; i < Services.Length; i++)
        {
            var process = new DemoActor("svc-" + Services[i], "system", "", null, "");
            foreach (string action in (ReadOnlySpan<string>)["service.stop", "service.start"])
            {
                _events.Add(new DemoEvent
                {
                    Time = time.AddSeconds((i * 90) + (action == "service.start" ? 12 : 0)),
                    Service = Services[i],
                    Actor = process,
                    Action = action,
                    Kind = "lifecycle",
                    Category = "system",
                    Operation = "execute",
                    Message = "Weekly update",
                });
            }
        }
    }

    private void Job(
        DateTimeOffset time, DemoActor actor, string action, string category, string operation, DemoTarget target, string run, string outcome) =>
        _events.Add(new DemoEvent
        {
            Time = time.AddMilliseconds(random.Next(1000)),
            Service = "jobs",
            Actor = actor,
            Action = action,
            Category = category,
            Operation = operation,
            Kind = outcome == "unknown" ? "intent" : null,
            Outcome = outcome,
            OutcomeReason = outcome == "failure" ? "LABORATORY_TIMEOUT" : null,
            Method = "mtls",
            CredentialId = $"cert-{actor.Id}",
            Ip = actor.Ip,
            Targets = [target],
            CorrelationId = run,
            TraceId = random.Hex(32),
            SpanId = random.Hex(16),
        });

    private string TargetId(string type, int patient) => type switch
    {
        "patient_record" => string.Create(CultureInfo.InvariantCulture, $"p-{patient}"),
        "user" => random.Pick(staff.People).Id,
        "patient_index" or "appointment_book" or "audit_log" => "clinic",
        "config" => random.Pick(["opening-hours", "letter-templates", "printers", "export-limits"]),
        _ => $"{type[..1]}-{random.Hex(8)}",
    };

    private string? FieldsOf(string action) => action switch
    {
        "patient_record.read" => random.Pick(["medication", "diagnosis medication", "address insurance", "diagnosis"]),
        "lab_result.read" => "values",
        _ => null,
    };

    private DemoChange ChangeOf(string type) => type switch
    {
        "patient_record" => new DemoChange("/status", "replace", "waiting", random.Pick(["seen", "admitted", "discharged"])),
        "appointment" => new DemoChange("/state", "replace", "booked", random.Pick(["moved", "cancelled", "arrived"])),
        "user" => new DemoChange("/phone_extension", "replace", null, random.Next(100, 999).ToString(CultureInfo.InvariantCulture)),
        _ => new DemoChange("/value", "replace", "before", "after"),
    };
}
